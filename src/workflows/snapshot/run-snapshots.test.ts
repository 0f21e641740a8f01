import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, MemorySnapshots, REGION } from '../../../test/fakes/memory-snapshots.js';
import { NEW_CASE, OPENING, quietIo, temporaryStore } from '../../../test/fakes/evidence-case.js';
import { readPrivateFile } from '../../evidence/private-files.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { lookAgain, NO_WISHES, runSnapshots, type SnapshotDeps, type SnapshotWishes } from './run-snapshots.js';
import { openSnapshotBook, recordSnapshotOpening } from './snapshot-record.js';
import type { SnapshotSource } from './snapshot-source.js';
import { verifyExternal } from './verify-external.js';
import { settleVolumeGaps } from './volume-gaps.js';

const ROOT = 'vol-0000000000000000a';
const DATA = 'vol-0000000000000000b';
const WEST = 'eu-west-1';

const volume = (id: string, isRoot: boolean) => ({
  ...{ id, deviceName: isRoot ? '/dev/xvda' : '/dev/xvdb', sizeBytes: 1024 ** 3, isRoot },
  ...{ isEncrypted: false, kmsKeyId: null, claim: null, tags: {} },
});
const SOURCE: SnapshotSource = {
  ...{ account: ACCOUNT, region: REGION, node: 'worker', instance: 'i-0abc', left: [], instanceStores: 0, gaps: [] },
  wanted: [volume(ROOT, true), volume(DATA, false)],
};

/** A case, a cloud of two regions, and any number of runs; each opens the case anew as a command does. */
async function world() {
  const { store } = temporaryStore();
  const { caseId } = await store.create(NEW_CASE);
  const here = new MemorySnapshots();
  here.attached = [ROOT, DATA];
  const west = new MemorySnapshots(WEST);
  const other = new MemorySnapshots(REGION, 'c');
  const pauses: number[] = [];
  const said: string[] = [];
  const withDeps = async <T>(work: (deps: SnapshotDeps) => Promise<T>): Promise<T> => {
    const book = await openSnapshotBook({ store, caseId, clock: systemClock });
    try {
      await recordSnapshotOpening(book, { tool: OPENING.tool, os: { user: 'u', host: 'h' }, principal: null });
      return await work({
        ...{
          book,
          caseToken: caseId,
          ids: systemIds,
          io: { ...quietIo, emit: (code, text) => said.push(`${code} ${text}`) },
        },
        serviceOf: async (region, role) => await Promise.resolve(role === ROLE ? other : region === WEST ? west : here),
        pause: async (ms) => {
          pauses.push(ms);
          await Promise.resolve();
        },
      });
    } finally {
      await book.close();
    }
  };
  const run = async (wishes: Partial<SnapshotWishes> = {}, source = SOURCE) =>
    await withDeps(async (deps) => await runSnapshots([source], { ...NO_WISHES, ...wishes }, deps));
  const takes = (): number => here.asked.filter((one) => one.startsWith('take ')).length;
  return { here, west, other, pauses, said, run, takes, withDeps };
}

const ROLE = 'arn:aws:iam::444455556666:role/evidence';
const copies = [{ region: WEST, role: null, kmsKey: null, maxPending: 10 }];

describe('snapshots of a case', () => {
  it('are made in one call and once', async () => {
    const { run, takes, here } = await world();
    const first = await run();
    expect(first.snapshots.map(({ how }) => how)).toEqual(['made', 'made']);
    const second = await run();
    expect(second.snapshots.map(({ how, record }) => [how, record.id])).toEqual(
      first.snapshots.map(({ record }) => ['found', record.id]),
    );
    expect(takes()).toBe(1);
    await run({ again: true });
    expect(here.made).toHaveLength(4);
  });

  it('are found by their tag when the answer is lost, and made once more only when there is nothing', async () => {
    const lost = await world();
    lost.here.ends = ['lost'];
    expect((await lost.run()).snapshots).toHaveLength(2);
    expect(lost.takes()).toBe(1);
    const unmade = await world();
    unmade.here.ends = ['lost-unmade'];
    expect((await unmade.run()).snapshots).toHaveLength(2);
    expect(unmade.takes()).toBe(2);
    expect(unmade.pauses.length).toBeGreaterThan(2);
    const twice = await world();
    twice.here.ends = ['lost-unmade', 'lost-unmade'];
    await expect(twice.run()).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    // What such a call made after all is found by the next run.
    expect((await twice.run()).snapshots).toHaveLength(2);
    expect(twice.here.made).toHaveLength(2);
  });

  it('are taken of the volumes that are missing, and one in the error state does not count', async () => {
    const { run, here } = await world();
    await run({}, { ...SOURCE, wanted: [volume(DATA, false)], left: [volume(ROOT, true)] });
    here.state = 'error';
    const failed = await run({ again: true });
    expect(failed.failures.map(({ why }) => why)).toEqual(['the disk is gone', 'the disk is gone']);
    here.state = 'completed';
    const { snapshots } = await run();
    expect(snapshots.map(({ record, how }) => [record.volume, how])).toEqual([
      [DATA, 'found'],
      [ROOT, 'made'],
    ]);
  });

  it('name what the cloud refuses, and the run goes on', async () => {
    const { run, here, said } = await world();
    here.ends = ['refused'];
    const { failures, snapshots } = await run();
    expect(snapshots).toEqual([]);
    expect(failures).toHaveLength(2);
    expect(said.filter((one) => one.startsWith('SNAPSHOT_FAILED'))).toHaveLength(2);
  });

  it('leave a gap only where a volume has none when the exhibit is sealed', async () => {
    const { run, here, withDeps } = await world();
    here.ends = ['refused'];
    await run();
    const outcomes = async () =>
      await withDeps(async ({ book: { exhibit, clock } }) => {
        await settleVolumeGaps(exhibit, clock);
        const all: string[][] = [];
        for await (const { artifact, outcome, reason } of exhibit.readOutcomes())
          all.push([artifact.split('/').at(-1)?.slice(0, 4) ?? '', outcome, reason]);
        return all;
      });
    await run({}, { ...SOURCE, wanted: [volume(DATA, false)], left: [volume(ROOT, true)] });
    expect(await outcomes()).toEqual([
      ['snap', 'collected', 'described'],
      ['vol-', 'failed', 'not-taken'],
    ]);
    // What is sealed as a gap stays one, and only once.
    await run();
    expect(await outcomes()).toEqual([
      ['snap', 'collected', 'described'],
      ['vol-', 'failed', 'not-taken'],
      ['snap', 'collected', 'described'],
    ]);
  });

  it('that the cloud cannot finish leave a gap, unless the volume has or gets another', async () => {
    const { run, here, withDeps } = await world();
    here.state = 'error';
    await run();
    const gaps = async () =>
      await withDeps(async ({ book }) => {
        const bytes = await readPrivateFile(join(book.exhibit.runDirectory, 'snapshot-gaps.json'));
        return (JSON.parse(String(bytes)) as { volume: string; reason: string }[]).map(({ reason }) => reason);
      });
    expect(await gaps()).toEqual(['snapshot-failed', 'snapshot-failed']);
    here.state = 'completed';
    await run();
    expect(await gaps()).toEqual([]);
    here.state = 'error';
    await run({ again: true });
    expect(await gaps()).toEqual([]);
  });

  it('bear what fits of the tags of their volumes, and the record has all', async () => {
    const { run, here } = await world();
    const tags = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`t${String(index + 10)}`, 'v']));
    here.attached = [DATA];
    const { snapshots } = await run({}, { ...SOURCE, wanted: [{ ...volume(DATA, false), tags }] });
    expect(snapshots[0]?.record.volumeTags).toHaveLength(49);
    expect(Object.keys(here.made.find((one) => one.volume === DATA)?.tags ?? {})).toHaveLength(50);
  });

  it('have disks that no snapshot takes as a gap', async () => {
    const { run, withDeps } = await world();
    const { gaps } = await run({}, { ...SOURCE, instanceStores: 2 });
    expect(gaps.join()).toContain('exhibit collect --node');
    const outcomes = await withDeps(({ book }) => Promise.resolve(book.exhibit.counts().outcomes));
    expect(outcomes).toMatchObject({ skipped: 1, collected: 2 });
  });

  it('are waited for, and the wait ends', async () => {
    const { run, here, withDeps } = await world();
    here.state = 'pending';
    here.looksLeft = 9;
    expect((await run()).snapshots.map(({ record }) => record.state)).toEqual(['pending', 'pending']);
    const over = await run({ waitLimitMs: 0 });
    expect(over.snapshots.map(({ record }) => record.state)).toContain('pending');
    const ended = await withDeps((deps) => lookAgain({ ...NO_WISHES, waitLimitMs: 60_000 }, deps));
    expect(ended.snapshots.map(({ record, how }) => [record.state, how])).toEqual([
      ['completed', 'known'],
      ['completed', 'known'],
    ]);
  });

  it('are locked while they are pending, once, and a stricter lock is left', async () => {
    const { run, here } = await world();
    here.state = 'pending';
    here.looksLeft = 100;
    const lock = { mode: 'governance', until: { days: 30 } } as const;
    const { snapshots } = await run({ lock });
    expect(snapshots.map(({ record }) => record.lock.mode)).toEqual(['governance', 'governance']);
    await run({ lock });
    expect(here.asked.filter((one) => one.startsWith('lock'))).toHaveLength(2);
    here.ends = ['refused'];
    const refused = await run({ lock: { mode: 'compliance', until: { date: '2027-06-30T00:00:00.000Z' } } });
    expect(refused.failures).toHaveLength(1);
  });

  it('are copied once, also when the answer is lost, and not beyond the quota or under a key that goes away', async () => {
    const { run, west } = await world();
    west.ends = ['lost'];
    expect((await run({ copies, waitLimitMs: 1000 })).failures).toEqual([]);
    const again = await run({ copies, waitLimitMs: 1000 });
    expect(again.snapshots.map(({ record }) => record.copyOf === null)).toEqual([true, true, false, false]);
    expect(west.made).toHaveLength(2);
    const full = await world();
    full.west.pending = 10;
    expect((await full.run({ copies, waitLimitMs: 1000 })).failures[0]?.why).toContain('--whole-quota');
    const dying = await world();
    dying.west.keyView = { arn: null, isPlatformKey: false, state: 'PendingDeletion', unknownBecause: null };
    const wish = [{ region: WEST, role: null, kmsKey: 'arn:key', maxPending: 10 }];
    expect((await dying.run({ copies: wish, waitLimitMs: 1000 })).failures[0]?.why).toContain('cancel-key-deletion');
    expect(dying.west.made).toEqual([]);
  });

  it('are copied into another account by a role there, once, and looked at by it', async () => {
    const { run, here, other, withDeps } = await world();
    here.kmsKeyId = 'arn:aws:kms:eu-central-1:111122223333:key/1';
    const wish = (kmsKey: string | null) => [{ region: null, role: ROLE, kmsKey, maxPending: 10 }];
    const KEY = 'arn:aws:kms:eu-central-1:444455556666:key/2';
    const why = async (kmsKey: string | null) =>
      (await run({ copies: wish(kmsKey), waitLimitMs: 1000 })).failures.map((one) => one.why)[0];
    expect(await why(null)).toContain('name a key of that account with --kms-key ARN');
    other.keyView = { arn: null, isPlatformKey: null, state: null, unknownBecause: 'kms:DescribeKey was refused' };
    expect(await why(KEY)).toContain('cannot use its key arn:aws:kms:eu-central-1:111122223333:key/1');
    other.keyView = { arn: null, isPlatformKey: true, state: 'Enabled', unknownBecause: null };
    expect(await why(KEY)).toContain("AWS's own");
    expect(here.shared).toEqual([]);
    other.keyView = { arn: null, isPlatformKey: false, state: 'Enabled', unknownBecause: null };
    other.ends = ['lost'];
    expect(await why(KEY)).toBeUndefined();
    const again = await run({ copies: wish(KEY), waitLimitMs: 1000 });
    expect(
      again.snapshots.map(({ record: { account, role = null, copyOf } }) => [account, role, copyOf === null]),
    ).toEqual([...[1, 2].map(() => [ACCOUNT, null, true]), ...[1, 2].map(() => ['444455556666', ROLE, false])]);
    expect(other.made).toHaveLength(2);
    expect(here.shared.map((one) => one.split(' ')[1])).toEqual(['444455556666', '444455556666']);
    const seen = await withDeps((deps) => lookAgain({ ...NO_WISHES, copies: wish(KEY) }, deps));
    expect(seen.failures).toEqual([]);
    expect(other.made).toHaveLength(2);
    const records = seen.snapshots.map(({ record }) => record);
    const asked: (string | undefined)[] = [];
    await verifyExternal(records, async (_region, role) => {
      asked.push(role);
      return await Promise.resolve(role === ROLE ? other : here);
    });
    expect(asked).toEqual([undefined, undefined, ROLE, ROLE]);
  });

  it("are shared once, never under AWS's own key, and it is said when they may be made public", async () => {
    const { run, here, said } = await world();
    here.publicAccess = 'unblocked';
    const shareWith = ['444455556666'];
    expect((await run({ shareWith, waitLimitMs: 1000 })).snapshots[0]?.record.sharedWith).toEqual(shareWith);
    await run({ shareWith, waitLimitMs: 1000 });
    expect(here.shared).toHaveLength(2);
    expect(said.join()).toContain('SNAPSHOT_EXPOSED');
    const own = await world();
    own.here.kmsKeyId = 'arn:aws:kms:eu-central-1:111122223333:key/1';
    own.here.keyView = { arn: null, isPlatformKey: true, state: 'Enabled', unknownBecause: null };
    const { failures } = await own.run({ shareWith, waitLimitMs: 1000 });
    expect(failures[0]?.why).toContain('--copy-to-region REGION --kms-key ARN');
    expect(own.here.shared).toEqual([]);
  });

  it('fail the look when one is gone, and its loss hides no lock of the others', async () => {
    const { run, here, withDeps } = await world();
    await run({ lock: { mode: 'governance', until: { days: 30 } } });
    here.made.shift();
    const seen = await withDeps((deps) => lookAgain(NO_WISHES, deps));
    expect(seen.snapshots.map(({ record }) => [record.state, record.lock.mode])).toEqual([
      ['missing', 'unknown'],
      ['completed', 'governance'],
    ]);
    expect(seen.failures.map(({ why }) => why)).toEqual(['the platform knows no such snapshot any more']);
  });

  it('are not called missing because the cloud tells of them a moment late', async () => {
    const { run, here, withDeps, pauses } = await world();
    here.hiddenLooks = 2;
    expect((await run()).snapshots.map(({ record }) => record.state)).toEqual(['completed', 'completed']);
    expect(pauses).toEqual([1000, 2000]);
    const outcomes = await withDeps(({ book }) => Promise.resolve(book.exhibit.counts().outcomes));
    expect(outcomes).toMatchObject({ collected: 2, absent: 0 });
  });

  it('are locked anew where compliance ends before the wished day', async () => {
    const { run, here } = await world();
    const until = (date: string) => ({ lock: { mode: 'compliance', until: { date } } }) as const;
    await run(until('2027-01-01T00:00:00.000Z'));
    await run(until('2026-12-01T00:00:00.000Z'));
    const locks = (): number => here.asked.filter((one) => one.startsWith('lock')).length;
    expect(locks()).toBe(2);
    await run(until('2027-06-30T00:00:00.000Z'));
    expect(locks()).toBe(4);
  });

  it('may have had a lock that ran out when it was to', async () => {
    const { run, here } = await world();
    const { snapshots } = await run({ lock: { mode: 'governance', until: { days: 30 } } });
    const [first] = snapshots.map(({ record }) => record);
    const lockNow = async (until: string) => {
      here.locked.set(first!.id, { mode: 'none', state: 'expired', until });
      const [report] = await verifyExternal([first!], () => Promise.resolve(here));
      return report?.checks.find(({ check }) => check === 'lock')?.result;
    };
    expect(await lockNow('2027-01-01T00:00:00.000Z')).toBe('passed');
    expect(await lockNow('2026-12-01T00:00:00.000Z')).toBe('failed');
  });

  it('are compared with what the archive says of them', async () => {
    const { run, here } = await world();
    const { snapshots } = await run({ lock: { mode: 'governance', until: { days: 30 } } });
    const records = snapshots.map(({ record }) => record);
    const results = async () =>
      (await verifyExternal(records, () => Promise.resolve(here))).map(({ checks }) =>
        checks.filter(({ result }) => result !== 'passed').map(({ check, result }) => `${check} ${result}`),
      );
    expect(await results()).toEqual([[], []]);
    here.locked.clear();
    const [first] = here.made;
    here.made[0] = { ...first!, sizeBytes: 1, tags: {} };
    here.made.pop();
    expect(await results()).toEqual([['size failed', 'tags failed', 'lock failed'], ['exists failed']]);
  });
});
