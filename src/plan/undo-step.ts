import type { PlannedStep } from '../model/action.js';
import type { UndoOptions } from './action-kind.js';
import { judgeMissing } from './apply-step.js';
import { attemptWrite, type Judgement, type Written } from './attempt-write.js';
import { driverOf } from './driver-of.js';
import { isSame, type Observed } from './observed.js';
import type { PlanTools, StepDriver } from './step-driver.js';

export interface StepUndo extends UndoOptions {
  /** Take it back although the subject is not as we left it. */
  readonly force: boolean;
  /** Nobody read back that the step was done: the process died, or it failed. */
  readonly isUnfinished: boolean;
}

/** What undoing a step aims at: the view that the subject has afterwards, `null` = it is not there. */
export function aimOf(step: PlannedStep, plan: string, { options, tools }: Aiming): unknown {
  return driverOf(step, plan, tools).aim(options);
}

interface Aiming {
  readonly options: UndoOptions;
  readonly tools: PlanTools;
}

const CONFLICT: Judgement = {
  is: 'wrong',
  why: 'changed-by-others',
  detail: 'others have changed what we changed: compare before, ours and now',
};

interface Undoing {
  readonly step: PlannedStep;
  readonly driver: StepDriver;
  readonly aim: unknown;
  readonly force: boolean;
}

/** A subject that is gone takes the change with it. */
function isOver({ aim, driver }: Undoing, observed: Observed): boolean {
  if (observed.state === 'gone' || observed.state === 'replaced') return true;
  return observed.state === 'there' && !driver.makes && isSame(observed.view, aim);
}

function judge(undoing: Undoing, observed: Observed): Judgement {
  const { step, aim, force, driver } = undoing;
  if (isOver(undoing, observed)) return { is: 'right' };
  if (observed.state !== 'there') return judgeMissing(observed);
  const { view } = observed;
  // The change was never made, or somebody took it back already.
  if (!driver.makes && isSame(view, step.before)) return { is: 'right' };
  const left = [step.intended, driver.aim({ readopt: false })];
  if (!force && !left.some((ours) => isSame(view, ours))) return CONFLICT;
  return { is: 'to-be-written', write: async () => await driver.write(aim, observed, { dryRun: false }) };
}

/** Takes a step back, unless it is so already; refuses where others have changed the same. Throws as the ports do. */
export async function undoStep(
  step: PlannedStep,
  plan: string,
  { options, tools }: { readonly options: StepUndo; readonly tools: PlanTools },
): Promise<Written> {
  const driver = driverOf(step, plan, tools);
  const undoing = { step, driver, aim: driver.aim(options), force: options.force };
  let isSwept = !options.isUnfinished || !driver.hidesUnfinished || undoing.aim !== null;
  return await attemptWrite({
    tools,
    read: async () => await driver.read(),
    judge: (observed) => {
      if (isSwept || observed.state !== 'there' || observed.view !== null) return judge(undoing, observed);
      isSwept = true;
      return { is: 'to-be-written', write: async () => await driver.write(null, observed, { dryRun: false }) };
    },
  });
}
