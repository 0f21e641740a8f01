import type { JSONType } from 'zod';
import type { ActionSubject, ClusterActionKindName, PlannedStep } from '../../model/action.js';
import type { CloudActionKindName, CloudSubject, CloudView } from '../../model/cloud.js';
import { actionKindOf } from '../../plan/action-kinds.js';
import { cloudKindOf } from '../../plan/cloud-kinds.js';
import { isSame } from '../../plan/observed.js';
import type { StepName } from './quarantine-request.js';

interface AnyWish {
  readonly name: StepName;
  readonly phase: PlannedStep['phase'];
  /** Numbers of steps without which it is not done. */
  readonly needs?: readonly number[];
}

export interface Wish extends AnyWish {
  readonly kind: ClusterActionKindName;
  readonly subject: ActionSubject;
  /** `undefined` = the action makes the subject. */
  readonly object: unknown;
  readonly intended: unknown;
}

export interface CloudWish<Kind extends CloudActionKindName> extends AnyWish {
  readonly kind: Kind;
  readonly subject: CloudSubject;
  readonly before: CloudView<Kind>;
  readonly intended: CloudView<Kind>;
}

/** Collects the steps that were not skipped. What is as intended already is nobody's change, and nobody's to take back. */
export class Steps {
  readonly all: PlannedStep[] = [];
  readonly #skip: readonly StepName[];

  constructor(skip: readonly StepName[]) {
    this.#skip = skip;
  }

  /** The number of the step; `null` when there is none. */
  add({ name, kind: kindName, phase, subject, object, intended, needs = [] }: Wish): number | null {
    const kind = actionKindOf(kindName);
    const before = kind.makes ? null : kind.look(object, intended);
    const step = this.#next(name, before, intended);
    if (step === null) return null;
    const { reversibility, undo } = kind;
    const states = { before: before as JSONType, intended: intended as JSONType };
    this.all.push({ step, name, kind: kindName, phase, subject, ...states, reversibility, undo, needs });
    return step;
  }

  addCloud<Kind extends CloudActionKindName>(wish: CloudWish<Kind>): number | null {
    const { name, kind, phase, subject, before, intended, needs = [] } = wish;
    const step = this.#next(name, before, intended);
    if (step === null) return null;
    const { reversibility, undo } = cloudKindOf(kind);
    this.all.push({ step, name, kind, phase, subject, before, intended, reversibility, undo, needs });
    return step;
  }

  #next(name: StepName, before: unknown, intended: unknown): number | null {
    return this.#skip.includes(name) || isSame(before, intended) ? null : this.all.length + 1;
  }
}
