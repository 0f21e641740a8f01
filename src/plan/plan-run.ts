import { ExhibitError } from '../model/errors.js';
import { subjectName } from '../model/action.js';
import type { PlannedStep } from '../model/action.js';
import type { ActionEffect, ActionRecord } from '../ports/action-record.js';
import type { Written } from './attempt-write.js';
import type { Journal } from './journal.js';
import type { PlanHistory, StepHistory } from './plan-history.js';
import type { PlanTools } from './step-driver.js';
import type { StepReport } from './step-report.js';
import { viewOf } from './observed.js';

export interface PlanRunDeps extends PlanTools {
  readonly journal: Pick<Journal, 'append' | 'plan'>;
  /** The custody log of the open exhibit. */
  readonly record: ActionRecord;
  /** Looked at between two steps. */
  readonly signal: AbortSignal;
  readonly onStep: (report: StepReport) => void;
}

/** Throws `INTERNAL` for a plan that is not in the journal. */
export function historyOf({ journal }: Pick<PlanRunDeps, 'journal'>, plan: string): PlanHistory {
  const history = journal.plan(plan);
  if (history === undefined) throw new ExhibitError('INTERNAL', `there is no plan ${plan} in the journal`);
  return history;
}

/** As it is in the journal now. */
export function stepNow(deps: Pick<PlanRunDeps, 'journal'>, plan: string, { step }: PlannedStep): StepHistory {
  const history = historyOf(deps, plan).steps[step - 1];
  if (history === undefined) throw new ExhibitError('INTERNAL', `plan ${plan} has no step ${String(step)}`);
  return history;
}

export function assertGoesOn({ signal }: Pick<PlanRunDeps, 'signal'>): void {
  if (signal.aborted)
    throw new ExhibitError('INTERRUPTED', 'interrupted between two steps; the journal shows what was done', {
      safe: 'Each change that was made is in the journal with its way back.',
    });
}

/** For the custody log, before the change is made. */
export async function recordPlanned(
  { record }: Pick<PlanRunDeps, 'record'>,
  { kind, subject, before, undo, reversibility }: PlannedStep,
  change: { readonly kindPrefix: '' | 'undo-'; readonly intended: unknown },
): Promise<void> {
  const uid = 'cloud' in subject ? null : subject.uid;
  const name = `${subjectName(subject)}${uid === null ? '' : ` (${uid})`}`;
  const { kindPrefix, intended } = change;
  await record.action({ kind: `${kindPrefix}${kind}`, subject: name, before, intended, undo, reversibility });
}

function effectOutcome({ why, wrote }: Written): ActionEffect['outcome'] {
  if (why === null) return 'done';
  if (why === 'refused') return 'refused';
  return wrote ? 'unknown' : 'not-done';
}

/** For the custody log, afterwards. */
export async function recordEffect(
  { record }: Pick<PlanRunDeps, 'record'>,
  { kind, subject }: PlannedStep,
  { kindPrefix, written }: { readonly kindPrefix: '' | 'undo-'; readonly written: Written },
): Promise<void> {
  await record.effect({
    kind: `${kindPrefix}${kind}`,
    subject: subjectName(subject),
    outcome: effectOutcome(written),
    detail: written.detail,
    auditIds: written.auditIds,
    after: viewOf(written.observed),
  });
}
