import { subjectName, type PlannedStep } from '../../../model/action.js';
import { checkStep } from '../../../plan/apply-step.js';
import type { PlanTools } from '../../../plan/step-driver.js';
import type { StepLost } from './containment-check.js';

function stateOf(state: Awaited<ReturnType<typeof checkStep>>['state']): string {
  return state === 'there' ? 'differs' : state;
}

/** Reads every step that was done again; gives those that no longer hold. Never throws: what cannot be read is said. */
export async function recheckSteps(
  steps: readonly PlannedStep[],
  { plan, tools }: { readonly plan: string; readonly tools: PlanTools },
): Promise<readonly StepLost[]> {
  const lost: StepLost[] = [];
  for (const planned of steps) {
    const { step, name, subject } = planned;
    const about = { step, name, subject: subjectName(subject) };
    const checked = await checkStep(planned, plan, tools).catch(() => null);
    if (checked === null) lost.push({ ...about, state: 'unreadable', now: null });
    else if (!checked.holds) lost.push({ ...about, state: stateOf(checked.state), now: checked.now });
  }
  return lost;
}
