import type { PlannedStep, PlanTarget } from '../model/action.js';
import type { FailureReason, JournalEvent } from './journal-entry.js';

/**
 * `started` without an end: the process died, and what became of the change is known by reading back only. `undoing` likewise. `failed`:
 * it is not as intended, or not by us.
 */
export type StepState = 'planned' | 'started' | 'done' | 'failed' | 'undoing' | 'undone' | 'undo-failed';

export interface StepHistory {
  readonly planned: PlannedStep;
  readonly state: StepState;
  /** A call of ours was made for it, or may have been: there is something to take back. */
  readonly mayHaveChanged: boolean;
  /** Of the last failure. */
  readonly why: FailureReason | null;
  readonly detail: string;
}

export interface PlanHistory {
  readonly plan: string;
  readonly target: PlanTarget;
  readonly begunAt: string;
  readonly steps: readonly StepHistory[];
}

interface Growing extends PlanHistory {
  steps: StepHistory[];
  ready: boolean;
}

const FRESH = { state: 'planned', mayHaveChanged: false, why: null, detail: '' } as const;

/** Replays a journal, entry by entry. Refuses a history that cannot have happened: `take` then says why. */
export class PlanHistories {
  readonly #plans = new Map<string, Growing>();

  /** `null` when the entry follows. */
  take(event: JournalEvent, at: string): string | null {
    if (event.event === 'interrupted') return null;
    if (event.event === 'plan-begun') return this.#begin(event, at);
    const plan = this.#plans.get(event.plan);
    if (plan === undefined) return 'it belongs to no plan';
    if (event.event === 'step-planned') return addStep(plan, event.planned);
    if (event.event === 'plan-ready') return makeReady(plan, event.steps);
    const before = plan.steps[event.step - 1];
    if (!plan.ready || before === undefined) return 'it belongs to no planned step';
    const next = nextOf(before, event);
    if (next === null) return `a step that is ${before.state} cannot be ${event.event}`;
    plan.steps[event.step - 1] = next;
    return null;
  }

  /** Those of which all steps were written down; the others never did anything. Oldest first. */
  all(): readonly PlanHistory[] {
    return [...this.#plans.values()].filter(({ ready }) => ready);
  }

  #begin({ plan, target }: Extract<JournalEvent, { event: 'plan-begun' }>, begunAt: string): string | null {
    if (this.#plans.has(plan)) return 'it begins a plan for the second time';
    this.#plans.set(plan, { plan, target, begunAt, steps: [], ready: false });
    return null;
  }
}

function addStep(plan: Growing, planned: PlannedStep): string | null {
  if (plan.ready || planned.step !== plan.steps.length + 1) return 'it plans a step out of its order';
  if (planned.needs.some((one) => one >= planned.step)) return 'a step needs one that comes later';
  plan.steps.push({ planned, ...FRESH });
  return null;
}

function makeReady(plan: Growing, steps: number): string | null {
  if (plan.ready || steps !== plan.steps.length) return 'it has another number of steps';
  plan.ready = true;
  return null;
}

type OfStep = Extract<JournalEvent, { readonly step: number }>;

/** From which states an event may follow. A step is begun again when it failed, or when the process died. */
const FROM: Readonly<Record<OfStep['event'], readonly StepState[]>> = {
  'started': ['planned', 'started', 'failed', 'done'],
  'done': ['started'],
  'failed': ['started', 'planned', 'failed', 'done'],
  'undo-started': ['started', 'done', 'failed', 'undoing', 'undo-failed', 'undone'],
  'undone': ['undoing'],
  'undo-failed': ['undoing'],
};

function nextOf(before: StepHistory, event: OfStep): StepHistory | null {
  if (!FROM[event.event].includes(before.state)) return null;
  const { planned, mayHaveChanged } = before;
  const known = { planned, mayHaveChanged, why: null, detail: '' };
  switch (event.event) {
    case 'started':
      return { ...known, state: 'started', mayHaveChanged: true };
    case 'done':
      return { ...known, state: 'done', mayHaveChanged: event.how === 'applied' };
    case 'failed':
      return { planned, state: 'failed', mayHaveChanged: event.mayHaveChanged, why: event.why, detail: event.detail };
    case 'undo-started':
      return { ...known, state: 'undoing' };
    case 'undone':
      return { ...known, state: 'undone', mayHaveChanged: false };
    case 'undo-failed':
      return { ...known, state: 'undo-failed', why: event.why, detail: event.detail };
  }
}
