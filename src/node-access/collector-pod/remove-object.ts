import { stringAt } from '../../lib/untyped.js';
import type { ObjectRef } from '../../ports/cluster-actuator.js';
import { poll, readObject, type PodCluster } from './cluster-calls.js';

export interface Removal {
  readonly ref: ObjectRef;
  /** Only this one is removed; another of the same name is left alone. */
  readonly uid: string;
  readonly gracePeriodSeconds?: number;
  /** Milliseconds in which it must be gone. */
  readonly withinMs: number;
}

/** For records: `pods exhibit-collector/exhibit-k7m2p9-abcdefgh`. */
export const subjectOf = ({ resource, namespace, name }: ObjectRef): string =>
  `${resource} ${namespace === null ? name : `${namespace}/${name}`}`;

async function isGone(cluster: PodCluster, { ref, uid }: Removal): Promise<boolean> {
  const object = await readObject(cluster, ref);
  return object === null || stringAt(object, 'metadata', 'uid') !== uid;
}

async function remove(cluster: PodCluster, removal: Removal, auditIds: string[]): Promise<string | null> {
  const { ref, uid, gracePeriodSeconds, withinMs } = removal;
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  const answer = await cluster.actuator.delete(ref, { uid, ...grace });
  auditIds.push(answer.auditId);
  if (answer.outcome === 'refused' && !['not-found', 'conflict'].includes(answer.refusal.kind)) {
    return answer.refusal.message;
  }
  const gone = await poll(cluster, { forMs: () => withinMs }, async () =>
    (await isGone(cluster, removal)) ? true : null,
  );
  return gone === true ? null : `still there ${String(withinMs / 1000)} s after it was deleted`;
}

/**
 * Removes an object of ours and reads it back until the server says that it is gone. Writes what became of it into the record; never
 * throws, since what it undoes must not hide why. Asks whatever becomes of the run: no signal of the run reaches it. Whether it is gone.
 */
export async function removeObject(cluster: PodCluster, removal: Removal): Promise<boolean> {
  const auditIds: string[] = [];
  const subject = subjectOf(removal.ref);
  let left: string | null;
  try {
    left = await remove(cluster, removal, auditIds);
  } catch (error) {
    left = error instanceof Error ? error.message : 'an error without a message';
  }
  try {
    await cluster.record.effect({
      kind: `remove-${removal.ref.resource}`,
      subject,
      outcome: left === null ? 'proven-gone' : 'left-behind',
      detail: left === null ? 'deleted, and read back as gone' : `${left}; exhibit cleanup removes it`,
      auditIds,
      after: null,
    });
  } catch {
    // The disk may be the very reason for which everything ends.
  }
  return left === null;
}
