import type { SnapshotRecord } from '../../model/external.js';
import type { Ids } from '../../ports/clock.js';
import type { Io } from '../../ports/io.js';
import { copySnapshot, type CopyWish, placeName } from './copy-snapshot.js';
import { lockSnapshot, type LockWish } from './lock-snapshot.js';
import { openToAccount } from './open-to-account.js';
import { observeSnapshots, recordSnapshots, type ServiceOf, stateText } from './record-snapshots.js';
import { shareSnapshot } from './share-snapshot.js';
import { instanceStoreText, recordFailedSnapshot, recordFailedVolume, recordInstanceStore } from './snapshot-gaps.js';
import { type KnownSnapshot, snapshotKey } from './snapshot-log.js';
import type { SnapshotRecordBook } from './snapshot-record.js';
import { sourceName, type SnapshotSource } from './snapshot-source.js';
import { type MakingDeps, takeSet } from './take-set.js';
import { closeVolumeGap } from './volume-gaps.js';
import { isPending, waitForSnapshots } from './wait-for-snapshots.js';

export interface SnapshotWishes {
  /** New ones, although the case has some. */
  readonly again: boolean;
  /** `null` = nobody waits. */
  readonly waitLimitMs: number | null;
  readonly lock: LockWish | null;
  /** Need snapshots that are completed, and so a wait. */
  readonly copies: readonly CopyWish[];
  /** Accounts that may copy them. */
  readonly shareWith: readonly string[];
  /** As the user states it, without a currency: `0.05`; `null` = nobody did. */
  readonly pricePerGibMonth: string | null;
}

export const NO_WISHES: SnapshotWishes = {
  ...{ again: false, waitLimitMs: null, lock: null, copies: [], shareWith: [] },
  pricePerGibMonth: null,
};

export interface SnapshotDeps {
  readonly book: SnapshotRecordBook;
  readonly serviceOf: ServiceOf;
  readonly caseToken: string;
  readonly ids: Ids;
  readonly io: Io;
  readonly pause: (ms: number) => Promise<void>;
}

export interface SnapshotSummary {
  readonly exhibitId: string;
  readonly snapshots: readonly { readonly record: SnapshotRecord; readonly how: 'made' | 'found' | 'known' }[];
  /** What was asked for and did not come about: subject and reason. */
  readonly failures: readonly { readonly subject: string; readonly why: string }[];
  /** What no snapshot can give, and what is not known. */
  readonly gaps: readonly string[];
}

const SHOWS_UP_MS = [1000, 2000, 4000];

/** Snapshots that a run is about, and what it could not do. */
class Run {
  readonly known: { readonly snapshot: KnownSnapshot; readonly how: 'made' | 'found' | 'known' }[] = [];
  readonly failures: { readonly subject: string; readonly why: string }[] = [];
  readonly #deps: SnapshotDeps;

  constructor(deps: SnapshotDeps) {
    this.#deps = deps;
  }

  get making(): MakingDeps {
    const { book, caseToken, ids, pause } = this.#deps;
    return { book, caseToken, pause, uuid: () => ids.uuid() };
  }

  /** A copy that the case knew already is not a second one. */
  add(snapshot: KnownSnapshot, how: 'made' | 'found'): void {
    const isThere = this.known.some((one) => snapshotKey(one.snapshot) === snapshotKey(snapshot));
    if (!isThere) this.known.push({ snapshot, how });
  }

  fail(subject: string, why: string): void {
    this.failures.push({ subject, why });
    this.#deps.io.emit('SNAPSHOT_FAILED', `${subject}: ${why}`);
  }

  /** Writes down what has changed since it was written last. */
  async look(known: readonly KnownSnapshot[] = this.known.map(({ snapshot }) => snapshot)) {
    const { book } = this.#deps;
    const records = await this.#seen(known);
    const changed = records.filter((record) => {
      const last = book.log.recorded({ ...record, node: record.node });
      return last?.state !== stateText(record);
    });
    await recordSnapshots(changed, book);
    for (const record of changed) await recordFailedSnapshot(record, book);
    return records;
  }

  /** What was made a moment ago may not be told of yet: it is not missing before it had its time. */
  async #seen(known: readonly KnownSnapshot[]): Promise<readonly SnapshotRecord[]> {
    const { book, serviceOf, pause } = this.#deps;
    const made = new Set(this.known.filter(({ how }) => how === 'made').map(({ snapshot }) => snapshotKey(snapshot)));
    for (const ms of SHOWS_UP_MS) {
      const records = await observeSnapshots(known, serviceOf, book);
      if (!records.some((record) => record.state === 'missing' && made.has(snapshotKey(record)))) return records;
      await pause(ms);
    }
    return await observeSnapshots(known, serviceOf, book);
  }
}

async function take(sources: readonly SnapshotSource[], wishes: SnapshotWishes, { run, deps }: Both): Promise<void> {
  const { book, io, serviceOf } = deps;
  for (const source of sources) {
    await recordInstanceStore(source, book);
    if (source.wanted.length === 0) continue;
    const service = await serviceOf(source.region);
    const set = await takeSet(source, service, { ...run.making, again: wishes.again });
    for (const { snapshot, how } of set.taken) {
      run.known.push({ snapshot, how });
      const what = `${snapshot.id} of ${snapshot.volume ?? ''} in ${snapshot.region}`;
      await closeVolumeGap(book.exhibit, { region: snapshot.region, volume: snapshot.volume ?? '' });
      io.emit('SNAPSHOT_TAKEN', how === 'made' ? `${what}: begun` : `${what}: the case has it already`);
    }
    for (const failed of set.failed) {
      await recordFailedVolume(source, failed, book);
      run.fail(`${failed.volume.id} of ${sourceName(source)}`, failed.why);
    }
  }
}

interface Both {
  readonly run: Run;
  readonly deps: SnapshotDeps;
}

async function lockAll(records: readonly SnapshotRecord[], wish: LockWish | null, { run, deps }: Both): Promise<void> {
  if (wish === null) return;
  for (const record of records.filter(({ state }) => state !== 'error' && state !== 'missing')) {
    const service = await deps.serviceOf(record.region, record.role);
    const why = await lockSnapshot(record, wish, { service, book: deps.book });
    if (why !== null) run.fail(`lock of ${snapshotKey(record)}`, why);
  }
}

async function copyAll(
  records: readonly SnapshotRecord[],
  wishes: readonly CopyWish[],
  { run, deps }: Both,
): Promise<void> {
  const { serviceOf } = deps;
  for (const wish of wishes)
    for (const record of records.filter(({ state, copyOf }) => state === 'completed' && copyOf === null)) {
      const region = wish.region ?? record.region;
      const place = { ...wish, region };
      const service = await serviceOf(region, wish.role ?? undefined);
      const own = { service: await serviceOf(record.region), book: deps.book };
      const against = wish.role === null ? null : await openToAccount(record, place, { own, service });
      const end =
        against === null
          ? await copySnapshot(record, place, { service, deps: run.making })
          : { copy: null, why: against };
      if (end.copy === null) run.fail(`copy of ${snapshotKey(record)} to ${placeName(place)}`, end.why);
      else run.add(end.copy, end.how);
    }
}

async function shareAll(
  records: readonly SnapshotRecord[],
  wishes: SnapshotWishes,
  { run, deps }: Both,
): Promise<void> {
  const { book, serviceOf, io } = deps;
  // Where copies under another key were asked for, these are what can be given away.
  const meant = wishes.copies.length === 0 ? records : records.filter(({ copyOf }) => copyOf !== null);
  for (const account of wishes.shareWith) {
    for (const record of meant.filter(({ state }) => state === 'completed')) {
      const service = await serviceOf(record.region, record.role);
      const why = await shareSnapshot(record, account, { service, book });
      if (why !== null) run.fail(`${snapshotKey(record)} for account ${account}`, why);
    }
  }
  for (const { region, role } of new Map(meant.map((one) => [`${one.region} ${one.role ?? ''}`, one])).values()) {
    if (wishes.shareWith.length === 0) return;
    const state = await (await serviceOf(region, role)).blockPublicAccess();
    if (state !== 'block-all-sharing' && state !== 'block-new-sharing')
      io.emit('SNAPSHOT_EXPOSED', `${region}: ${state ?? 'it could not be learned whether they may be made public'}`);
  }
}

/** What the wishes are about besides taking. Throws as the ports. */
async function pursue(wishes: SnapshotWishes, both: Both): Promise<readonly SnapshotRecord[]> {
  const { run, deps } = both;
  const { io, pause, book } = deps;
  const { clock } = book;
  const begunUs = clock.monoUs();
  const wait = async (records: readonly SnapshotRecord[]): Promise<readonly SnapshotRecord[]> => {
    if (wishes.waitLimitMs === null || !records.some(isPending)) return records;
    const limitMs = wishes.waitLimitMs - (clock.monoUs() - begunUs) / 1000;
    return await waitForSnapshots({ look: async () => await run.look(), clock, io, pause, limitMs });
  };
  const first = await run.look();
  await lockAll(first, wishes.lock, both);
  const completed = await wait(first);
  await copyAll(completed, wishes.copies, both);
  const withCopies = await run.look();
  await lockAll(
    withCopies.filter(({ copyOf }) => copyOf !== null),
    wishes.lock,
    both,
  );
  const copied = await wait(withCopies);
  await shareAll(copied, wishes, both);
  const last = await run.look();
  for (const record of last) {
    if (record.state === 'error') run.fail(snapshotKey(record), record.stateDetail ?? 'error');
    if (record.state === 'missing') run.fail(snapshotKey(record), 'the platform knows no such snapshot any more');
  }
  return last;
}

function summaryOf(
  run: Run,
  records: readonly SnapshotRecord[],
  rest: Omit<SnapshotSummary, 'snapshots' | 'failures'>,
) {
  const snapshots = records.map((record, index) => ({ record, how: run.known[index]?.how ?? ('known' as const) }));
  return { ...rest, snapshots, failures: run.failures };
}

/**
 * Takes snapshots of what the sources name, once for a case, and does with them what is wished for. What fails stops nothing else. Each
 * call is in the case before it is sent: the same run goes on after whatever ended it. Throws `PLATFORM_UNAUTHENTICATED`,
 * `PLATFORM_UNREACHABLE`, `INTERRUPTED`, `STORAGE_*`.
 */
export async function runSnapshots(
  sources: readonly SnapshotSource[],
  wishes: SnapshotWishes,
  deps: SnapshotDeps,
): Promise<SnapshotSummary> {
  const run = new Run(deps);
  const gaps = sources.flatMap((source) => [
    ...source.gaps,
    ...[instanceStoreText(source)].filter((one) => one !== null),
  ]);
  for (const gap of gaps) deps.io.emit('SNAPSHOT_GAP', gap);
  await take(sources, wishes, { run, deps });
  const records = await pursue(wishes, { run, deps });
  return summaryOf(run, records, { exhibitId: deps.book.exhibit.exhibitId, gaps });
}

/** Looks at every snapshot of the case, and writes down what has changed. Throws as `runSnapshots`. */
export async function lookAgain(wishes: SnapshotWishes, deps: SnapshotDeps): Promise<SnapshotSummary> {
  const run = new Run(deps);
  for (const snapshot of deps.book.log.snapshots) run.known.push({ snapshot, how: 'known' });
  const records = await pursue(wishes, { run, deps });
  return summaryOf(run, records, { exhibitId: deps.book.exhibit.exhibitId, gaps: [] });
}
