import type { JSONType } from 'zod';
import type { PlannedStep } from '../model/action.js';
import { lossWithoutPin } from './lost-node.js';
import { isSame, viewOf } from './observed.js';
import { assertGoesOn, historyOf, type PlanRunDeps, recordEffect, recordPlanned, stepNow } from './plan-run.js';
import type { StepHistory } from './plan-history.js';
import type { StepReport } from './step-report.js';
import { aimOf, undoStep } from './undo-step.js';

export interface ReleaseOptions {
  /** Give suspects back the labels by which their controllers and Services find them. */
  readonly readopt: boolean;
  /** Numbers of steps to take back; `null` = all. */
  readonly only: readonly number[] | null;
  /** Steps that are taken back although others have changed the same. */
  readonly forced: readonly number[];
}

/** Whether there may be something to take back. */
export function isToBeUndone({ state, mayHaveChanged }: StepHistory): boolean {
  return mayHaveChanged || state === 'undoing' || state === 'undo-failed';
}

/**
 * Takes a plan back from its records, the last step first, never further than it was done. Refuses a step that others have changed since,
 * unless it is forced, the pin of a pod whose node is lost likewise, and one on which a step rests that is still there, unless it is named. Throws as the ports and the journal do; the
 * same call then goes on.
 */
export async function releasePlan(
  plan: string,
  options: ReleaseOptions,
  deps: PlanRunDeps,
): Promise<readonly StepReport[]> {
  const reports: StepReport[] = [];
  for (const { planned } of historyOf(deps, plan).steps.toReversed()) {
    const history = stepNow(deps, plan, planned);
    const isAgain = options.readopt && history.state === 'undone' && planned.kind === 'detach-pod';
    if (!isToBeUndone(history) && !isAgain) continue;
    assertGoesOn(deps);
    const report = await releaseOne(plan, planned, { options, deps });
    reports.push(report);
    deps.onStep(report);
  }
  return reports;
}

interface Releasing {
  readonly options: ReleaseOptions;
  readonly deps: PlanRunDeps;
}

async function releaseOne(plan: string, planned: PlannedStep, releasing: Releasing): Promise<StepReport> {
  const { options, deps } = releasing;
  const { step } = planned;
  const isMeant = options.only?.includes(step) ?? true;
  if (!isMeant) return { planned, outcome: 'left', why: null, detail: 'not asked for', now: null };
  const resting = historyOf(deps, plan).steps.filter((one) => one.planned.needs.includes(step) && isToBeUndone(one));
  const isNamed = options.only?.includes(step) === true || options.forced.includes(step);
  if (resting.length > 0 && !isNamed) {
    const steps = resting.map((one) => String(one.planned.step)).join(' and ');
    const detail = `step ${steps} rests on it and is still there`;
    return { planned, outcome: 'undo-failed', why: 'needs-another-step', detail, now: null };
  }
  const loss =
    planned.kind === 'pin-pod' && !options.forced.includes(step) ? await lossWithoutPin(planned, deps.actuator) : null;
  if (loss !== null) return { planned, outcome: 'undo-failed', why: 'would-lose-the-pod', detail: loss, now: null };
  return await undo(plan, planned, releasing);
}

async function undo(plan: string, planned: PlannedStep, { options, deps }: Releasing): Promise<StepReport> {
  const { step } = planned;
  const aim = aimOf(planned, plan, { options, tools: deps }) as JSONType;
  const force = options.forced.includes(step);
  const isUnfinished = stepNow(deps, plan, planned).state !== 'done';
  await recordPlanned(deps, planned, { kindPrefix: 'undo-', intended: aim });
  await deps.journal.append({ event: 'undo-started', plan, step, aim });
  const written = await undoStep(planned, plan, {
    options: { readopt: options.readopt, force, isUnfinished },
    tools: deps,
  });
  const { why, detail, auditIds, wrote, observed } = written;
  const now = viewOf(observed) as JSONType;
  await recordEffect(deps, planned, { kindPrefix: 'undo-', written });
  if (why !== null) {
    await deps.journal.append({ event: 'undo-failed', plan, step, why, detail, now, auditIds });
    return { planned, outcome: 'undo-failed', why, detail, now };
  }
  const isLost = planned.reversibility === 'irreversible' && !isSame(now, planned.before);
  const isGone = isLost || (observed.state !== 'there' && planned.before !== null);
  const how = isGone ? 'gone' : wrote ? 'applied' : 'found';
  await deps.journal.append({ event: 'undone', plan, step, how, after: now, auditIds });
  return { planned, outcome: isGone ? 'gone' : 'undone', why, detail: isLost ? planned.undo : detail, now };
}
