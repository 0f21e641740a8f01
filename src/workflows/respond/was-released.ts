import type { PlanHistory } from '../../plan/plan-history.js';
import { endedPhase, type RespondState } from './respond-state.js';

/**
 * Whether what a response had changed was taken back since: then it was decided anew, and what was confirmed is no longer wanted. `asked`
 * names its containment; `plans` are those of the case, the oldest first.
 */
export function wasReleased(
  state: Pick<RespondState, 'phases'>,
  asked: string | undefined,
  plans: readonly PlanHistory[],
): boolean {
  const protectedAs = endedPhase(state, 'protect')?.outcome;
  if (protectedAs !== 'done' && protectedAs !== 'partial') return false;
  const last = plans.findLast(({ target }) => target.asked === asked);
  return last?.steps.some((step) => step.state === 'undone') === true;
}
