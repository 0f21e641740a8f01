import { setTimeout as wait } from 'node:timers/promises';
import { ExhibitError } from '../../model/errors.js';
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
import type { SnapshotSource } from '../snapshot/snapshot-source.js';
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

/** The disks of each node; one whose machine is not known costs the others nothing. */
async function sourcesOf(nodes: readonly string[], { reader, platform }: CallSnapshotsDeps) {
  const sources: SnapshotSource[] = [];
  const failed: string[] = [];
  for (const node of nodes) {
    try {
      sources.push(await nodeSource({ node, exclude: [] }, { reader, platform }));
    } catch (error) {
      if (!(error instanceof ExhibitError) || stopsResponse(error)) throw error;
      failed.push(`node ${node}: ${reasonOf(error)}`);
    }
  }
  return { sources, failed };
}

/** Snapshots of all volumes of the nodes: once for a case, begun and not waited for. */
export function callSnapshots(deps: CallSnapshotsDeps): SnapshotCall {
  return async ({ scene }): Promise<SnapshotsCalled> => {
    const { record, clock, ids, io, signal, serviceOf, caseToken } = deps;
    const { openCase, exhibit } = record;
    const { sources, failed } = await sourcesOf(
      scene.nodes.map(({ name }) => name),
      deps,
    );
    const log = await SnapshotLog.open({ directory: openCase.directory, clock, actor: openCase.file.operator });
    try {
      const close = async (): Promise<void> => await log.close();
      const book = { openCase, log, exhibit, clock, changes: changesOf(exhibit), close };
      const pause = async (ms: number): Promise<void> => await wait(ms, undefined, { signal });
      const made = await runSnapshots(sources, NO_WISHES, { book, serviceOf, caseToken, ids, io, pause });
      return {
        made: made.snapshots.map(({ record: { id, volume, state } }) => `${id} of ${volume ?? 'unknown'}: ${state}`),
        failed: [...failed, ...made.failures.map(({ subject, why }) => `${subject}: ${why}`), ...made.gaps],
      };
    } finally {
      await log.close();
    }
  };
}
