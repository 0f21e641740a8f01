import { type PlannedStep, subjectName } from '../model/action.js';
import type { PlanHistory } from '../plan/plan-history.js';
import type { ReleaseOptions } from '../plan/release-plan.js';

const MAX_NAMES = 10;

function namesOf(steps: readonly PlannedStep[]): string {
  const names = [...new Set(steps.map(({ subject }) => subjectName(subject)))];
  const more = names.length > MAX_NAMES ? ` and ${String(names.length - MAX_NAMES)} more` : '';
  return `${names.slice(0, MAX_NAMES).join(', ')}${more}`;
}

/** By which pods, and evidence with them, may be lost when it is done: for whoever is asked before. Names in it are untrusted. */
export function releaseRisks(plans: readonly PlanHistory[], options: ReleaseOptions): readonly string[] {
  const { readopt, only, forced } = options;
  const steps = plans.flatMap((plan) => plan.steps.map(({ planned }) => planned));
  const meant = steps.filter(({ step }) => only?.includes(step) ?? true);
  const adopted = readopt ? meant.filter(({ kind }) => kind === 'detach-pod') : [];
  const unpinned = meant.filter(({ kind, step }) => kind === 'pin-pod' && forced.includes(step));
  return [
    ...(adopted.length === 0
      ? []
      : [`--readopt: a controller that finds ${namesOf(adopted)} again may have a pod too many and delete it`]),
    ...(unpinned.length === 0
      ? []
      : [`--force-step: ${namesOf(unpinned)} may be deleted once no longer pinned, if its node is lost`]),
  ];
}
