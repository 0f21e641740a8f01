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

/** The disk may be the very reason for which everything ends: what is to be undone is undone without a record, too. */
async function written(entry: Promise<void>): Promise<void> {
  await entry.catch(() => undefined);
}

async function recordEnd(cluster: PodCluster, ref: ObjectRef, end: { left: string | null; auditIds: string[] }) {
  const { left, auditIds } = end;
  const effect = cluster.record.effect({
    kind: `remove-${ref.resource}`,
    subject: subjectOf(ref),
    outcome: left === null ? 'proven-gone' : 'left-behind',
    detail: left === null ? 'deleted, and read back as gone' : `${left}; exhibit cleanup removes it`,
    auditIds,
    after: null,
  });
  await written(effect);
}

/** Says on record that an object of ours stays, and why. Never throws. */
export async function keepObject(cluster: PodCluster, ref: ObjectRef, why: string): Promise<void> {
  await recordEnd(cluster, ref, { left: why, auditIds: [] });
}

/**
 * Removes an object of ours, on record before and after, and reads it back until the server says that it is gone. Never throws, since
 * what it undoes must not hide why. Asks whatever becomes of the run: no signal of the run reaches it. Whether it is gone.
 */
export async function removeObject(cluster: PodCluster, removal: Removal): Promise<boolean> {
  const { ref, uid } = removal;
  const auditIds: string[] = [];
  const undo = 'none: the object served the collection alone';
  const kind = `remove-${ref.resource}`;
  const planned = { kind, subject: subjectOf(ref), before: { uid }, intended: null, undo };
  await written(cluster.record.action({ ...planned, reversibility: 'irreversible' }));
  let left: string | null;
  try {
    left = await remove(cluster, removal, auditIds);
  } catch (error) {
    left = error instanceof Error ? error.message : 'an error without a message';
  }
  await recordEnd(cluster, ref, { left, auditIds });
  return left === null;
}
