/** The one place where a response meets the containment: its plan in two parts, the first of which changes nothing for the suspects. */
import { type Level, subjectName } from '../../model/action.js';
import type { ExhibitError } from '../../model/errors.js';
import { applyPlan } from '../../plan/apply-plan.js';
import type { StepReport } from '../../plan/step-report.js';
import { changesOf } from '../execute/open-ladder.js';
import { beginPlan } from '../quarantine/begin-plan.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import type { Order } from '../quarantine/quarantine-request.js';
import { type QuarantineDeps, runQuarantine } from '../quarantine/run-quarantine.js';
import { reasonOf } from './phase-log.js';
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

function keptOf(reports: readonly StepReport[]): Contained['steps'] {
  return reports.map(({ planned, outcome, why }) => ({
    ...{ step: planned.step, name: planned.name, subject: subjectName(planned.subject) },
    ...{ outcome, why },
  }));
}

/** A plan of which the journal has every step is gone on with. */
function asBegun(prepared: PreparedQuarantine, { journal }: ContainmentRecord): PreparedQuarantine {
  const begun = journal.plan(prepared.plan);
  return begun === undefined ? prepared : { ...prepared, target: begun.target, isResumed: true };
}

/** Writes the plan into the journal and does its first `count` steps. Throws as `runQuarantine`. */
export async function protectFirst(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  { count, deps }: { readonly count: number; readonly deps: QuarantineDeps },
): Promise<StepsDone> {
  const reports = await firstSteps(prepared, record, { count, deps });
  return { done: reports.filter(({ outcome }) => outcome !== 'failed').length, failed: failedOf(reports) };
}

async function firstSteps(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  { count, deps }: { readonly count: number; readonly deps: QuarantineDeps },
): Promise<readonly StepReport[]> {
  await beginPlan(asBegun(prepared, record), record, deps);
  const { actuator, cloud = null, signal, io } = deps;
  const onStep = (report: StepReport): void => {
    for (const text of failedOf([report])) io.emit('CONTAINMENT_STEP_FAILED', text);
  };
  const { journal, exhibit } = record;
  const tools = { journal, actuator, cloud, record: changesOf(exhibit), signal, onStep };
  return await applyPlan(prepared.plan, tools, { first: count });
}

/** What a containment came to. */
interface Containing {
  readonly contained: Contained;
  /** One line for each step that was not done. */
  readonly failed: readonly string[];
}

/**
 * Takes the network from the suspects and leaves their machines on it, because of `loss`. Nothing is looked at afterwards, so that the
 * verdict is `unverified`. Throws as `runQuarantine`.
 */
export async function holdOnly(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  { loss, deps }: { readonly loss: ExhibitError; readonly deps: QuarantineDeps & { readonly onApplied: () => void } },
): Promise<Containing> {
  const count = earlySteps(prepared, { order: 'contain-first', level: 'sever' });
  const reports = await firstSteps(prepared, record, { count, deps });
  deps.onApplied();
  const why = `no machine was severed: ${reasonOf(loss)}`;
  const contained: Contained = {
    ...{ plan: prepared.plan, verdict: 'unverified', reasons: [why] },
    ...{ steps: keptOf(reports), replacements: null },
  };
  return { contained, failed: [why, ...failedOf(reports)] };
}

/**
 * Does the rest, looks once more at what was done before, and says what can be said of the whole. `onApplied`: nothing is changed any more.
 * Throws as `runQuarantine`.
 */
export async function containWhole(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  deps: QuarantineDeps & { readonly onApplied: () => void },
): Promise<Containing> {
  const goingOn = asBegun(prepared, record);
  const { plan, verdict, reasons, steps, replacements } = await runQuarantine(goingOn, record, deps);
  const contained: Contained = {
    ...{ plan, verdict },
    reasons: reasons.map((reason) => reason.slice(0, MAX_REASON)),
    steps: keptOf(steps),
    replacements: replacements?.map(({ namespace, name, uid }) => `${namespace}/${name} (${uid})`) ?? null,
  };
  return { contained, failed: failedOf(steps) };
}
