import type { JSONType } from 'zod';
import type { PlannedStep } from '../model/action.js';
import { applyStep, checkStep } from './apply-step.js';
import { viewOf } from './observed.js';
import { assertGoesOn, historyOf, type PlanRunDeps, recordEffect, recordPlanned, stepNow } from './plan-run.js';
import type { StepReport } from './step-report.js';

/**
 * Does what of a plan is not done, step by step: written down, done, read back, written down. A step that was begun by a process that died
 * is judged by what its subject is now; one that was done and no longer holds is done again where it is as it was before. A step that
 * fails stops only those that need it: they are not written then, in whatever state they are. Throws as the ports and the journal do; the same call then goes on.
 * `first`: no more than that many steps, as if the plan ended there.
 */
export async function applyPlan(
  plan: string,
  deps: PlanRunDeps,
  { first }: { readonly first?: number } = {},
): Promise<readonly StepReport[]> {
  const reports: StepReport[] = [];
  for (const { planned } of historyOf(deps, plan).steps.slice(0, first)) {
    assertGoesOn(deps);
    const report = await applyOne(plan, planned, deps);
    reports.push(report);
    deps.onStep(report);
  }
  return reports;
}

async function applyOne(plan: string, planned: PlannedStep, deps: PlanRunDeps): Promise<StepReport> {
  const { state } = stepNow(deps, plan, planned);
  if (state === 'done') {
    const { holds, now } = await checkStep(planned, plan, deps);
    if (holds) return { planned, outcome: 'held', why: null, detail: '', now };
  }
  const missing = planned.needs.filter((step) => historyOf(deps, plan).steps[step - 1]?.state !== 'done');
  if (missing.length > 0) return await leave(plan, planned, { missing, deps });
  return await begin(plan, planned, deps);
}

/** A step that lacks one it needs is looked at and never written, whatever became of it earlier. */
async function leave(
  plan: string,
  planned: PlannedStep,
  { missing, deps }: { readonly missing: readonly number[]; readonly deps: PlanRunDeps },
): Promise<StepReport> {
  const { step } = planned;
  const { mayHaveChanged } = stepNow(deps, plan, planned);
  const why = 'needs-another-step';
  const checked = await checkStep(planned, plan, deps);
  const now = checked.now as JSONType;
  const detail = `it needs step ${missing.join(' and ')}, which is not done${checked.holds ? '; it is as intended all the same' : ''}`;
  await deps.journal.append({ event: 'failed', plan, step, why, detail, mayHaveChanged, now, auditIds: [] });
  return { planned, outcome: 'failed', why, detail, now };
}

async function begin(plan: string, planned: PlannedStep, deps: PlanRunDeps): Promise<StepReport> {
  const { step, intended } = planned;
  const earlier = stepNow(deps, plan, planned).mayHaveChanged;
  await recordPlanned(deps, planned, { kindPrefix: '', intended });
  await deps.journal.append({ event: 'started', plan, step });
  const written = await applyStep(planned, plan, deps);
  const { why, detail, auditIds, wrote } = written;
  const now = viewOf(written.observed) as JSONType;
  // Before the end is in the journal: a process that dies in between says it once more, and never not at all.
  await recordEffect(deps, planned, { kindPrefix: '', written });
  if (why === null) {
    const how = wrote || earlier ? 'applied' : 'found';
    await deps.journal.append({ event: 'done', plan, step, how, after: now, auditIds });
    return { planned, outcome: how, why, detail, now };
  }
  const mayHaveChanged = wrote || earlier;
  await deps.journal.append({ event: 'failed', plan, step, why, detail, mayHaveChanged, now, auditIds });
  return { planned, outcome: 'failed', why, detail, now };
}
