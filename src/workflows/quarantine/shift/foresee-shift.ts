import { type PlannedStep, subjectName } from '../../../model/action.js';
import type { Foresight } from '../foresee.js';
import type { Bystander } from './read-bystanders.js';

const nameOf = ({ namespace, name }: Bystander): string => `pod ${namespace}/${name}`;

/** Who is moved and who is not. `steps`: of the plan, which decides. */
export function foreseeShift(steps: readonly PlannedStep[], bystanders: readonly Bystander[]): Foresight {
  const moved = steps.filter(({ kind }) => kind === 'evict-pod');
  const uids = new Set(moved.map(({ subject }) => ('uid' in subject ? subject.uid : null)));
  const sideEffects = moved.map(
    ({ subject }) => `${subjectName(subject)} is evicted, and what it holds in memory and in its own files is lost`,
  );
  const notAchieved = bystanders.flatMap((one) =>
    uids.has(one.uid) ? [] : [`${nameOf(one)} stays on node ${one.node}: ${one.stays ?? 'it came after the plan'}`],
  );
  return { sideEffects, notAchieved };
}
