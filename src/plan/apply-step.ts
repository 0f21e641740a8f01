import type { PlannedStep } from '../model/action.js';
import { attemptWrite, type Judgement, type Written } from './attempt-write.js';
import { driverOf } from './driver-of.js';
import { isSame, type Observed, viewOf } from './observed.js';
import type { PlanTools, StepDriver, WriteAnswer } from './step-driver.js';

/** Where a subject that must be there is not. */
export function judgeMissing(observed: Exclude<Observed, { state: 'there' }>): Judgement {
  switch (observed.state) {
    case 'gone':
      return { is: 'wrong', why: 'target-gone', detail: observed.detail };
    case 'replaced':
      return { is: 'wrong', why: 'target-replaced', detail: `another object bears the name: ${observed.uid}` };
    case 'unreadable':
      return { is: 'wrong', why: 'unreadable', detail: observed.detail };
  }
}

const OTHERS: Judgement = {
  is: 'wrong',
  why: 'changed-by-others',
  detail: 'it is neither as it was when the plan was made nor as it should be',
};

function isAway({ state }: Observed): boolean {
  return state === 'gone' || state === 'replaced';
}

interface Doing {
  readonly step: PlannedStep;
  readonly driver: StepDriver;
  readonly dryRun: boolean;
  readonly tools: Pick<PlanTools, 'objection'>;
}

async function write({ step, driver, dryRun, tools }: Doing, observed: Observed): Promise<WriteAnswer> {
  const objection = (await tools.objection?.(step)) ?? null;
  if (objection !== null) return { auditIds: [], outcome: 'refused', detail: objection, mayPass: false };
  return await driver.write(step.intended, observed, { dryRun });
}

function judge(doing: Doing, observed: Observed): Judgement {
  const { step, driver } = doing;
  const toBeWritten: Judgement = { is: 'to-be-written', write: async () => await write(doing, observed) };
  if (driver.makes && observed.state === 'gone') return toBeWritten;
  if (driver.removes && isAway(observed)) return { is: 'right' };
  if (observed.state !== 'there') return judgeMissing(observed);
  if (isSame(observed.view, step.intended)) return { is: 'right' };
  return isSame(observed.view, step.before) ? toBeWritten : OTHERS;
}

/** Makes the subject be as intended, unless it is so. `plan` is the name of its plan. Throws as the ports do. */
export async function applyStep(step: PlannedStep, plan: string, tools: PlanTools): Promise<Written> {
  const driver = driverOf(step, plan, tools);
  return await attemptWrite({
    read: async () => await driver.read(),
    judge: (observed) => judge({ step, driver, dryRun: false, tools }, observed),
    tools,
  });
}

/** Whether the subject is still as intended. */
export async function checkStep(
  step: PlannedStep,
  plan: string,
  tools: PlanTools,
): Promise<{ readonly holds: boolean; readonly now: unknown; readonly state: Observed['state'] }> {
  const driver = driverOf(step, plan, tools);
  const observed = await driver.read();
  const isIntended = observed.state === 'there' && isSame(observed.view, step.intended);
  const holds = isIntended || (driver.removes && isAway(observed));
  return { holds, now: viewOf(observed), state: observed.state };
}

/** What the server would say, admissions included; `null` = it would do it. Nothing is changed. */
export async function tryStep(step: PlannedStep, plan: string, tools: PlanTools): Promise<string | null> {
  const driver = driverOf(step, plan, tools);
  const judged = judge({ step, driver, dryRun: true, tools }, await driver.read());
  if (judged.is === 'right') return null;
  if (judged.is === 'wrong') return judged.detail;
  const answer = await judged.write();
  return answer.outcome === 'done' ? null : answer.detail;
}
