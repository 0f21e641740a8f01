/** The one place where a response meets the containment: its plan in two parts, the first of which changes nothing for the suspects. */
import { type Level, subjectName } from '../../model/action.js';
import { applyPlan } from '../../plan/apply-plan.js';
import type { StepReport } from '../../plan/step-report.js';
import { changesOf } from '../execute/open-ladder.js';
import { beginPlan } from '../quarantine/begin-plan.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import type { Order } from '../quarantine/quarantine-request.js';
import { type QuarantineDeps, runQuarantine } from '../quarantine/run-quarantine.js';
import type { Contained } from './respond-state.js';

const MAX_REASON = 500;

/**
 * How many steps are done at once, before anything volatile of the nodes is read: those that protect. With `contain-first` those that
 * contain come before them, and only what severs waits.
 */
export function earlySteps(
  { steps }: Pick<PreparedQuarantine, 'steps'>,
  { order, level }: { readonly order: Order; readonly level: Level },
): number {
  if (order === 'contain-first' && level !== 'sever') return steps.length;
  const firstContaining = steps.findIndex(({ phase }) => phase === 'contain');
  if (order === 'preserve-first') return firstContaining === -1 ? steps.length : firstContaining;
  return steps.findLastIndex(({ phase, name }) => phase === 'protect' || name === 'detach') + 1;
}

/** What became of some steps, in one line each for those that failed. */
export interface StepsDone {
  readonly done: number;
  readonly failed: readonly string[];
}

function failedOf(reports: readonly StepReport[]): readonly string[] {
  return reports.flatMap(({ planned, outcome, why, detail }) =>
    outcome === 'failed'
      ? [`step ${String(planned.step)} ${planned.name} of ${subjectName(planned.subject)}: ${why ?? ''}: ${detail}`]
      : [],
  );
}

/** Writes the plan into the journal and does its first `count` steps. Throws as `runQuarantine`. */
export async function protectFirst(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  { count, deps }: { readonly count: number; readonly deps: QuarantineDeps },
): Promise<StepsDone> {
  await beginPlan(prepared, record, deps);
  const { actuator, cloud = null, signal, io } = deps;
  const onStep = (report: StepReport): void => {
    for (const text of failedOf([report])) io.emit('CONTAINMENT_STEP_FAILED', text);
  };
  const { journal, exhibit } = record;
  const tools = { journal, actuator, cloud, record: changesOf(exhibit), signal, onStep };
  const reports = await applyPlan(prepared.plan, tools, { first: count });
  return { done: reports.filter(({ outcome }) => outcome !== 'failed').length, failed: failedOf(reports) };
}

/**
 * Does the rest, looks once more at what was done before, and says what can be said of the whole. `onApplied`: nothing is changed any more.
 * Throws as `runQuarantine`.
 */
export async function containWhole(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  deps: QuarantineDeps & { readonly onApplied: () => void },
): Promise<{ readonly contained: Contained; readonly failed: readonly string[] }> {
  const begun = record.journal.plan(prepared.plan);
  const goingOn = begun === undefined ? prepared : { ...prepared, target: begun.target, isResumed: true };
  const { plan, verdict, reasons, steps, replacements } = await runQuarantine(goingOn, record, deps);
  const contained: Contained = {
    ...{ plan, verdict },
    reasons: reasons.map((reason) => reason.slice(0, MAX_REASON)),
    steps: steps.map(({ planned, outcome, why }) => ({
      ...{ step: planned.step, name: planned.name, subject: subjectName(planned.subject) },
      ...{ outcome, why },
    })),
    replacements: replacements?.map(({ namespace, name, uid }) => `${namespace}/${name} (${uid})`) ?? null,
  };
  return { contained, failed: failedOf(steps) };
}
