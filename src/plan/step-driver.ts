import type { PlannedStep } from '../model/action.js';
import type { CloudActuator } from '../ports/cloud-actuator.js';
import type { ClusterActuator } from '../ports/cluster-actuator.js';
import type { UndoOptions } from './action-kind.js';
import type { Observed } from './observed.js';
import type { Patience } from './patience.js';

/** What plans are done with. */
export interface PlanTools {
  /** Its calls must outlive an interruption: a change is finished and written down, or not begun. */
  readonly actuator: ClusterActuator;
  /** `null` or left out = no cloud was given: its things are neither looked at nor changed. */
  readonly cloud?: CloudTools | null;
  /** An interruption ends the tries of a step; left out = nothing does. */
  readonly signal?: AbortSignal;
  /** Waits before another try, and rejects when it is told to end; left out = real time, and `signal`. */
  readonly pause?: (ms: number) => Promise<unknown>;
  /** For what disruption budgets hold back, all steps together; left out = some for each. */
  readonly patience?: Patience;
  /** Why a step is not to be written now, asked before each try; `null` = it may. Left out = there is none. */
  readonly objection?: (step: PlannedStep) => Promise<string | null>;
}

export interface CloudTools {
  readonly actuator: CloudActuator;
  /** All that leaves of the case. */
  readonly caseToken: string;
}

/** What became of a call that changes something. */
export type WriteAnswer = { readonly auditIds: readonly string[] } & (
  | { readonly outcome: 'done' }
  /** `mayPass`: another look may show that it is done, or that it may be tried again. */
  | {
      readonly outcome: 'refused';
      readonly detail: string;
      readonly mayPass: boolean;
      readonly retryAfterMs?: number | null;
      /** A disruption budget holds it back: it is tried again for as long as there is patience. */
      readonly isHeldBack?: true;
    }
  | { readonly outcome: 'unknown'; readonly detail: string }
);

/** A step with the means of its world, so that doing and undoing are the same for objects of the API and things of a cloud. */
export interface StepDriver {
  /** Without the step there is no subject: before, it is gone. */
  readonly makes: boolean;
  /** A subject that is gone, or another one by now, is as intended. */
  readonly removes: boolean;
  /** What is not whole yet is not seen: undoing a step without an end takes it away once, whether it is seen or not. */
  readonly hidesUnfinished: boolean;
  /** What undoing aims at; `null` of a subject that the step makes: it is gone. */
  aim(options: UndoOptions): unknown;
  /** Throws as the port. */
  read(): Promise<Observed>;
  /** Makes the subject be as `view`, from what was looked at last. With `dryRun` everything is gone through and nothing is kept. */
  write(view: unknown, from: Observed, options: { readonly dryRun: boolean }): Promise<WriteAnswer>;
}
