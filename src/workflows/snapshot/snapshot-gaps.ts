import { toRfc3339 } from '../../lib/clock.js';
import type { SnapshotRecordBook } from './snapshot-record.js';
import { SNAPSHOT_COLLECTOR } from './record-snapshots.js';
import type { SnapshotSource, SourceVolume } from './snapshot-source.js';

interface Gap {
  readonly artifact: string;
  readonly source: string;
  readonly outcome: 'failed' | 'skipped';
  readonly reason: string;
  readonly detail: string;
}

async function writeGap(gap: Gap, { exhibit, clock }: SnapshotRecordBook): Promise<void> {
  const { artifact, source, ...end } = gap;
  if (exhibit.hasOutcome(artifact)) return;
  const at = toRfc3339(clock.nowMs());
  const shared = { artifact, collector: SNAPSHOT_COLLECTOR, required: true };
  await exhibit.plan({ ...shared, source, plannedAt: at });
  await exhibit.outcome({ ...shared, ...end, proof: {}, attempts: 1, at });
}

/** What the disks of a machine hold that no snapshot can take, in one sentence; `null` = nothing of the kind is known. */
export function instanceStoreText({ instanceStores, instance }: SnapshotSource): string | null {
  if (instanceStores === 0 || instance === null) return null;
  return `${String(instanceStores)} disks of ${instance} are of its instance store, which no snapshot can take: what is on them must be read from the live node, with exhibit collect --node`;
}

/** Disks that no snapshot can take are a gap of the exhibit. */
export async function recordInstanceStore(source: SnapshotSource, book: SnapshotRecordBook): Promise<void> {
  const detail = instanceStoreText(source);
  if (detail === null) return;
  await writeGap(
    {
      artifact: `${SNAPSHOT_COLLECTOR}/${source.region}/${source.instance ?? ''}/instance-store`,
      source: `instance store of ${source.instance ?? ''}`,
      ...{ outcome: 'skipped', reason: 'no-snapshot-possible', detail },
    },
    book,
  );
}

/** A volume of which no snapshot could be made. */
export async function recordFailedVolume(
  { region }: SnapshotSource,
  { volume, why }: { readonly volume: SourceVolume; readonly why: string },
  book: SnapshotRecordBook,
): Promise<void> {
  await writeGap(
    {
      artifact: `${SNAPSHOT_COLLECTOR}/${region}/${volume.id}`,
      source: `ec2:CreateSnapshots of ${volume.id}`,
      ...{ outcome: 'failed', reason: 'not-taken', detail: why.slice(0, 1000) },
    },
    book,
  );
}
