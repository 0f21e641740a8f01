import type { JSONType } from 'zod';
import type { CloudActionKindName, CloudSubject } from '../model/cloud.js';

/** What a subject is now, as one kind of change looks at it. `view` has the shape of `cloudViewSchemas`. */
export type CloudLook = { readonly requestIds: readonly string[] } & (
  | { readonly state: 'there'; readonly view: JSONType }
  /** The platform says that there is no such thing: an instance that was terminated counts as gone. */
  | { readonly state: 'gone'; readonly detail: string }
  | { readonly state: 'unreadable'; readonly detail: string }
);

/**
 * What became of a change. `refused`: the platform says that it did not do it. `unknown`: the request left and no whole answer came back;
 * look again before anything else.
 */
export type CloudAnswer = { readonly requestIds: readonly string[] } & (
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly detail: string; readonly isDenied: boolean }
  | { readonly outcome: 'unknown'; readonly detail: string }
);

export interface CloudSetOptions {
  /** The platform goes through everything and keeps nothing; where it has no such call, the answer is `done` without one. */
  readonly dryRun?: boolean;
}

/**
 * Changes things of a cloud, one part at a time. Calls without a token of idempotency are never repeated by themselves; what they make is
 * tagged at creation and looked up by its tag. Each request is in the request log with its request id. Throws only when nothing was sent:
 * `PLATFORM_UNREACHABLE`, `PLATFORM_UNAUTHENTICATED`, `INTERRUPTED`.
 */
export interface CloudActuator {
  /** `like` is a view with the parts that matter: the device of a volume, the name of a group. */
  look(kind: CloudActionKindName, subject: CloudSubject, like: JSONType): Promise<CloudLook>;
  /** Makes the part be as `view`. `from` is what was looked at last. */
  set(
    kind: CloudActionKindName,
    subject: CloudSubject,
    change: { readonly from: JSONType; readonly view: JSONType; readonly caseToken: string; readonly plan: string },
    options?: CloudSetOptions,
  ): Promise<CloudAnswer>;
}
