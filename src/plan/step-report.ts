import type { PlannedStep } from '../model/action.js';
import type { FailureReason } from './journal-entry.js';

/** What became of one step in one run. */
export interface StepReport {
  readonly planned: PlannedStep;
  /** `held`: it was done earlier and is still so. `found`: it was so without us. `left`: a release that did not mean this step. */
  readonly outcome: 'applied' | 'found' | 'held' | 'failed' | 'undone' | 'gone' | 'undo-failed' | 'left';
  readonly why: FailureReason | null;
  /** In the words of the server, where it has some: untrusted. */
  readonly detail: string;
  /** The view of the subject when it was last looked at; `null` = it is not there, or it could not be read. */
  readonly now: unknown;
}
