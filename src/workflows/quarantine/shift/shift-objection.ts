import { stringAt } from '../../../lib/untyped.js';
import { isCloudStep, type PlannedStep } from '../../../model/action.js';
import type { Authority } from '../../../model/case.js';
import { ExhibitError } from '../../../model/errors.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import { pathOf, readObject } from '../read-cluster.js';
import { limitOf } from './namespace-limit.js';
import { ShiftFacts } from './shift-facts.js';
import { whyItStays } from './why-it-stays.js';

export interface ObjectionDeps {
  readonly cluster: Pick<ClusterReader, 'get' | 'list'>;
  readonly authority: Authority;
  /** Names of the nodes that are contained. */
  readonly nodes: ReadonlySet<string>;
  /** UIDs of pods that are suspects by now, though no step of the plan contains them. */
  readonly suspected: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

async function whyNotNow(
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string | null },
  { cluster, authority, nodes, suspected }: ObjectionDeps,
): Promise<string | null> {
  const pod = await readObject(cluster, pathOf('', 'namespaces', namespace, 'pods', name), `pod ${namespace}/${name}`);
  // Gone, another one, or on its way: nothing of it would be written.
  if (stringAt(pod, 'metadata', 'uid') !== uid) return null;
  if (stringAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return null;
  if (suspected.has(uid)) return 'it is not moved: it matches the suspects by now';
  const stays = limitOf(authority, namespace) ?? (await whyItStays(pod, { facts: new ShiftFacts(cluster), nodes }));
  return stays === null ? null : `it is not moved: ${stays}`;
}

/**
 * Who may be moved is judged when the plan is made, and again with what the cluster is before each eviction: the other replica may be gone
 * since. What cannot be read is an objection, too. Of other steps there is none. Throws only when it was interrupted.
 */
export function shiftObjection(deps: ObjectionDeps): (step: PlannedStep) => Promise<string | null> {
  return async (step) => {
    if (step.kind !== 'evict-pod' || isCloudStep(step)) return null;
    const { namespace, name, uid } = step.subject;
    try {
      return await whyNotNow({ namespace: namespace ?? '', name, uid }, deps);
    } catch (error) {
      if (deps.signal.aborted || !(error instanceof ExhibitError)) throw error;
      return `it is not moved, since whether it may be could not be read again: ${error.message}`;
    }
  };
}
