import { setTimeout as wait } from 'node:timers/promises';
import type { Ids } from '../../ports/clock.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Platform } from '../../ports/platform.js';
import type { CollectDeps } from '../collect-request.js';
import { changesOf } from '../execute/open-ladder.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import { nodeSource } from '../snapshot/node-source.js';
import type { ServiceOf } from '../snapshot/record-snapshots.js';
import { NO_WISHES, runSnapshots } from '../snapshot/run-snapshots.js';
import { SnapshotLog } from '../snapshot/snapshot-log.js';
import { reasonOf, stopsResponse } from './phase-log.js';
import type { SnapshotCall, SnapshotsCalled } from './respond.js';

export interface CallSnapshotsDeps extends Pick<CollectDeps, 'clock' | 'io' | 'signal'> {
  readonly ids: Ids;
  readonly reader: ClusterReader;
  readonly platform: Platform;
  readonly serviceOf: ServiceOf;
  readonly caseToken: string;
  readonly record: ContainmentRecord;
}

/** What came of one node, whatever comes of the others. Throws what stops a response. */
async function ofNode(node: string, log: SnapshotLog, deps: CallSnapshotsDeps): Promise<SnapshotsCalled> {
  const { record, clock, ids, io, signal, serviceOf, caseToken, reader, platform } = deps;
  const { openCase, exhibit } = record;
  // Closed by whoever opened it, after the last node.
  const close = (): Promise<void> => Promise.resolve();
  const book = { openCase, log, exhibit, clock, changes: changesOf(exhibit), close };
  const pause = async (ms: number): Promise<void> => await wait(ms, undefined, { signal });
  try {
    const source = await nodeSource({ node, exclude: [] }, { reader, platform });
    const made = await runSnapshots([source], NO_WISHES, { book, serviceOf, caseToken, ids, io, pause });
    return {
      made: made.snapshots.map(({ record: { id, volume, state } }) => `${id} of ${volume ?? 'unknown'}: ${state}`),
      failed: [...made.failures.map(({ subject, why }) => `${subject}: ${why}`), ...made.gaps],
    };
  } catch (error) {
    if (stopsResponse(error)) throw error;
    return { made: [], failed: [`node ${node}: ${reasonOf(error)}`] };
  }
}

/**
 * Snapshots of all volumes of the nodes: once for a case, begun and not waited for. A node whose machine is not known, or whose cloud does not
 * answer, costs the others nothing.
 */
export function callSnapshots(deps: CallSnapshotsDeps): SnapshotCall {
  return async ({ scene }): Promise<SnapshotsCalled> => {
    const { record, clock } = deps;
    const { directory, file } = record.openCase;
    const log = await SnapshotLog.open({ directory, clock, actor: file.operator });
    try {
      const called: SnapshotsCalled[] = [];
      for (const { name } of scene.nodes) called.push(await ofNode(name, log, deps));
      return { made: called.flatMap(({ made }) => made), failed: called.flatMap(({ failed }) => failed) };
    } finally {
      await log.close();
    }
  };
}
