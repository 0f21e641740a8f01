import { stringAt } from '../../../lib/untyped.js';
import { type PlannedStep, subjectName } from '../../../model/action.js';
import type { Foresight } from '../foresee.js';
import type { Bystander } from './read-bystanders.js';

const nameOf = ({ namespace, name }: Bystander): string => `pod ${namespace}/${name}`;

/** A pod of the plan that may no longer be moved, as far as it is not on its way. */
function keptSince({ stays, object }: Bystander): boolean {
  return stays !== null && stringAt(object, 'metadata', 'deletionTimestamp') === undefined;
}

/** Who is moved and who is not. `steps`: of the plan; one whose pod may no longer be moved is not done. */
export function foreseeShift(steps: readonly PlannedStep[], bystanders: readonly Bystander[]): Foresight {
  const kept = new Set(bystanders.filter(keptSince).map(({ uid }) => uid));
  const moved = steps.filter(
    ({ kind, subject }) => kind === 'evict-pod' && !('uid' in subject && kept.has(subject.uid ?? '')),
  );
  const uids = new Set(moved.map(({ subject }) => ('uid' in subject ? subject.uid : null)));
  const sideEffects = moved.map(
    ({ subject }) => `${subjectName(subject)} is evicted, and what it holds in memory and in its own files is lost`,
  );
  const notAchieved = bystanders.flatMap((one) =>
    uids.has(one.uid) ? [] : [`${nameOf(one)} stays on node ${one.node}: ${one.stays ?? 'it came after the plan'}`],
  );
  return { sideEffects, notAchieved };
}
