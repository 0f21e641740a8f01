import { isDeepStrictEqual } from 'node:util';

/** The version of an object that was looked at. */
export interface ObjectVersion {
  /** As parsed; untrusted. */
  readonly object: unknown;
  readonly resourceVersion: string;
  readonly uid: string;
}

/** What a subject is now, as a kind of action looks at it. */
export type Observed =
  /** `at`: of an object of the API; `null` = a thing of a cloud, which has no versions. */
  | { readonly state: 'there'; readonly view: unknown; readonly at: ObjectVersion | null }
  | { readonly state: 'gone'; readonly detail: string }
  /** Another object bears the name. */
  | { readonly state: 'replaced'; readonly uid: string }
  | { readonly state: 'unreadable'; readonly detail: string };

/** The view; `null` for what is not there. */
export function viewOf(observed: Observed): unknown {
  return observed.state === 'there' ? observed.view : null;
}

export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other);
}
