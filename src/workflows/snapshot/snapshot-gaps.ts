import { toRfc3339 } from '../../lib/clock.js';
import type { SnapshotRecord } from '../../model/external.js';
import type { SnapshotRecordBook } from './snapshot-record.js';
import { SNAPSHOT_COLLECTOR } from './record-snapshots.js';
import type { SnapshotSource, SourceVolume } from './snapshot-source.js';
import { openVolumeGap } from './volume-gaps.js';

interface Gap {
  readonly artifact: string;
  readonly source: string;
  readonly outcome: 'skipped';
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
  { exhibit, clock }: SnapshotRecordBook,
): Promise<void> {
  await openVolumeGap(exhibit, {
    ...{ region, volume: volume.id, source: `ec2:CreateSnapshots of ${volume.id}` },
    ...{ reason: 'not-taken', detail: why, at: toRfc3339(clock.nowMs()) },
  });
}

/** Whether the case has another snapshot of the volume that was usable when it was looked at last. */
function hasAnother({ volume, id }: SnapshotRecord, { log }: SnapshotRecordBook): boolean {
  const others = log.snapshots.filter((one) => one.volume === volume && one.copyOf === null && one.id !== id);
  return others.some((one) => /^(?:pending|completed) /.test(log.recorded(one)?.state ?? ''));
}

/** A snapshot that the cloud could not finish leaves its volume without one, unless there is another. */
export async function recordFailedSnapshot(record: SnapshotRecord, book: SnapshotRecordBook): Promise<void> {
  const { region, volume, id, state, stateDetail, copyOf, observedAt } = record;
  if (state !== 'error' || volume === null || copyOf !== null || hasAnother(record, book)) return;
  await openVolumeGap(book.exhibit, {
    ...{ region, volume, source: `ec2:DescribeSnapshots of ${id}`, at: observedAt },
    ...{ reason: 'snapshot-failed', detail: `the platform says of ${id}: ${stateDetail ?? 'error'}` },
  });
}
