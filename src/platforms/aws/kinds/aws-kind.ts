import type { CloudActionKindName, CloudSubject, CloudView } from '../../../model/cloud.js';
import type { AwsCalls } from '../aws-calls.js';

/** One look or one change, with its calls. */
export interface AwsAct {
  readonly calls: AwsCalls;
  readonly subject: CloudSubject;
}

export type Looked<View> =
  | { readonly state: 'there'; readonly view: View }
  | { readonly state: 'gone'; readonly detail: string }
  | { readonly state: 'unreadable'; readonly detail: string };

export interface AwsChange<View> {
  readonly from: View;
  readonly view: View;
  readonly caseToken: string;
  readonly plan: string;
  readonly dryRun: boolean;
}

/** `refused`: nothing was done. `unsettled`: AWS took it and is not there yet. */
export type Changed =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly detail: string }
  | { readonly outcome: 'unsettled'; readonly detail: string };

/** How one kind of change is looked at and made in AWS. Both throw `AwsCallFailed`. */
export interface AwsKind<Name extends CloudActionKindName> {
  /** `like` is the view that is wanted. */
  look(act: AwsAct, like: CloudView<Name>): Promise<Looked<CloudView<Name>>>;
  set(act: AwsAct, change: AwsChange<CloudView<Name>>): Promise<Changed>;
  /**
   * Names of failures that say that the subject is not there. A look throws them on; what they mean is the same for all calls about one
   * subject.
   */
  readonly gone: RegExp;
}

export const DONE: Changed = { outcome: 'done' };

export function there<View>(view: View): Looked<View> {
  return { state: 'there', view };
}
