import { join } from 'node:path';
import { isThere } from '../../evidence/is-there.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { toRfc3339 } from '../../lib/clock.js';
import type { SnapshotLock, SnapshotRecord } from '../../model/external.js';
import type { SnapshotService, SnapshotView } from '../../ports/snapshots.js';
import type { KnownSnapshot } from './snapshot-log.js';
import type { SnapshotRecordBook } from './snapshot-record.js';

export const SNAPSHOT_COLLECTOR = 'snapshot';
const UNKNOWN: SnapshotLock = { mode: 'unknown', state: '', until: null };

/** Services by region, and by the role of another account; each is made once. */
export type ServiceOf = (region: string, role?: string) => Promise<SnapshotService>;

interface Seen {
  readonly view: SnapshotView | null;
  readonly lock: SnapshotLock;
  readonly requestIds: readonly string[];
  readonly observedAt: string;
}

/** What is said of a snapshot that the platform does not know. */
function missing({ volume }: KnownSnapshot) {
  return {
    ...{ arn: '', volume, sizeBytes: 0, isEncrypted: false, kmsKeyId: null, state: 'missing', stateDetail: null },
    ...{ progress: null, startedAt: null, completedAt: null, tags: {} },
  };
}

function recordOf(
  known: KnownSnapshot,
  { view, lock, requestIds, observedAt }: Seen,
  { log, exhibit }: Pick<SnapshotRecordBook, 'log' | 'exhibit'>,
): SnapshotRecord {
  const { account, region, id, attempt, copyOf, node, instance, deviceName, claim } = known;
  const seen = view ?? missing(known);
  const { arn, sizeBytes, isEncrypted, kmsKeyId, state, stateDetail, progress, startedAt, completedAt } = seen;
  const blocks = log.blocksOf(known, exhibit.exhibitId);
  return {
    ...{ kind: 'snapshot', observedAt, cloud: 'aws', account, region, id, arn, copyOf },
    ...{ volume: seen.volume ?? known.volume, node, instance, deviceName, claim, attempt },
    ...{ sizeBytes, isEncrypted, kmsKeyId, state, stateDetail, progress, startedAt, completedAt },
    ...(known.role === undefined ? {} : { role: known.role }),
    tags: Object.entries(seen.tags).map(([key, value]) => ({ key, value })),
    ...(known.volumeTags === undefined ? {} : { volumeTags: known.volumeTags }),
    lock: view === null ? UNKNOWN : lock,
    ...(blocks === null ? {} : { blocks }),
    ...{ sharedWith: [...log.sharedWith(known)], requestIds: [...requestIds] },
  };
}

/** What the snapshots are now, in the order of `known`. Throws as the port. */
export async function observeSnapshots(
  known: readonly KnownSnapshot[],
  serviceOf: ServiceOf,
  { log, exhibit, clock }: Pick<SnapshotRecordBook, 'log' | 'exhibit' | 'clock'>,
): Promise<readonly SnapshotRecord[]> {
  const records = new Map<KnownSnapshot, SnapshotRecord>();
  const places = new Map(known.map(({ region, role }) => [`${region} ${role ?? ''}`, { region, role }]));
  for (const { region, role } of places.values()) {
    const here = known.filter((one) => one.region === region && one.role === role);
    const ids = here.map(({ id }) => id);
    const service = await serviceOf(region, role);
    const { snapshots, requestIds } = await service.describe(ids);
    // One id that is gone makes the whole question of locks fail.
    const there = snapshots.map(({ id }) => id);
    const locks = there.length === 0 ? new Map<string, SnapshotLock>() : await service.locks(there);
    const observedAt = toRfc3339(clock.nowMs());
    for (const one of here) {
      const view = snapshots.find(({ id }) => id === one.id) ?? null;
      const lock = locks.get(one.id) ?? UNKNOWN;
      records.set(one, recordOf(one, { view, lock, requestIds, observedAt }, { log, exhibit }));
    }
  }
  return known.flatMap((one) => records.get(one) ?? []);
}

/** `snapshot/eu-central-1/snap-0abc` */
function artifactOf({ region, id }: Pick<SnapshotRecord, 'region' | 'id'>): string {
  return `${SNAPSHOT_COLLECTOR}/${region}/${id}`;
}

/** What the platform said, as a payload file: once for each snapshot in an exhibit. */
async function keep(record: SnapshotRecord, { exhibit }: SnapshotRecordBook): Promise<void> {
  const artifact = artifactOf(record);
  if (exhibit.hasOutcome(artifact)) return;
  const { region, id, observedAt } = record;
  const source = `ec2:DescribeSnapshots ${region} ${id}`;
  const plan = { artifact, collector: SNAPSHOT_COLLECTOR, required: true, source };
  await exhibit.plan({ ...plan, plannedAt: observedAt });
  const end = { artifact, collector: SNAPSHOT_COLLECTOR, required: true, attempts: 1, at: observedAt };
  const requestId = record.requestIds.at(-1) ?? '';
  if (record.state === 'missing') {
    const detail = 'the platform knows no such snapshot';
    await exhibit.outcome({ ...end, outcome: 'absent', reason: 'not-found', detail, proof: { requestId, id } });
    return;
  }
  const path = `data/cloud/aws/${region}/${id}.json`;
  // A run that died after it had written the file and before it could say so.
  if (!(await isThere(join(exhibit.directory, path)))) {
    const draft = { path, artifact, collector: SNAPSHOT_COLLECTOR };
    const writer = await exhibit.sink.open({ ...draft, vantage: 'cloud', sensitivity: 'normal' });
    await writer.write(Buffer.from(`${asciiJson(record)}\n`));
    await writer.commit({
      ...{ subject: {}, source: { uri: record.arn, method: 'DescribeSnapshots', requestId }, outcome: 'collected' },
      ...{ sourceChanged: null, firstByteAt: observedAt, lastByteAt: observedAt },
    });
  }
  const detail = record.state === 'error' ? `the platform says: ${record.stateDetail ?? 'error'}` : '';
  const proof = { requestId, state: record.state };
  await exhibit.outcome({ ...end, outcome: 'collected', reason: 'described', detail, proof });
}

/** Writes what the snapshots are into the open exhibit, and into the log of the case that it is there. */
export async function recordSnapshots(records: readonly SnapshotRecord[], book: SnapshotRecordBook): Promise<void> {
  const { exhibit, log } = book;
  for (const record of records) {
    await exhibit.external(record);
    await keep(record, book);
    const { region, id, state } = record;
    await log.append({ event: 'recorded', region, id, exhibitId: exhibit.exhibitId, state: stateText(record) });
    await book.changes.effect({
      ...{ kind: 'snapshot-state', subject: `${region}/${id}`, outcome: 'done', detail: state },
      ...{ auditIds: record.requestIds, after: { state, progress: record.progress, lock: record.lock } },
    });
  }
}

/** What two looks at a snapshot are compared by. */
export function stateText({ state, lock, sharedWith }: SnapshotRecord): string {
  return [state, lock.mode, lock.state, lock.until ?? '', ...sharedWith].join(' ');
}
