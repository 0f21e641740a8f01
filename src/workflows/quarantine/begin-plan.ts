import type { PlanTarget } from '../../model/action.js';
import { type ContainmentRecord, type OpeningDeps, recordOpening } from './containment-record.js';
import { siblingsOf } from './find-replacements.js';
import { assertRights, type PreparedQuarantine } from './prepare-quarantine.js';

/**
 * Says in the open exhibit who acts and where, and has the whole plan in the journal before its first step; of one that is gone on with,
 * what was known when it was begun stays. Throws `CLUSTER_FORBIDDEN` where a right is missing, and as the ports and the records.
 */
export async function beginPlan(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  deps: OpeningDeps,
): Promise<PlanTarget> {
  assertRights(prepared);
  const { plan, steps, scene, isResumed } = prepared;
  const nodes = scene.nodes.map(({ name }) => name);
  const pods = scene.suspects.map(({ namespace, name }) => `${namespace}/${name}`);
  await recordOpening(record, { clusterUid: scene.clusterUid, nodes, pods }, deps);
  if (isResumed) return prepared.target;
  const target = { ...prepared.target, siblings: await siblingsOf(prepared.target, deps) };
  await record.journal.begin(plan, target, steps);
  return target;
}
