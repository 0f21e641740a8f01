import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  collectOne,
  draftOf,
  factsOf,
  newExhibit,
  OPENING,
  outcomeOf,
  planOf,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { MAX_RECORD_BYTES } from './bag-layout.js';
import type { OpenCase } from './case-store.js';
import type { ExhibitSpool } from './exhibit-spool.js';

type Entry = Readonly<Record<string, unknown>> & { readonly event: string };

const lines = (path: string): Entry[] =>
  readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
const events = (exhibit: ExhibitSpool): string[] => lines(exhibit.layout.custody).map(({ event }) => event);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function started(
  options: { readonly partBytes?: number } = {},
): Promise<{ openCase: OpenCase; exhibit: ExhibitSpool; again: () => Promise<ExhibitSpool> }> {
  const { store } = temporaryStore(options);
  const { openCase, exhibit } = await newExhibit(store);
  await exhibit.writeOpening(OPENING);
  let reopened = openCase;
  onTestFinished(async () => {
    await reopened.release();
    await openCase.release();
  });
  /** Closes everything as a good process does and opens it again. */
  const again = async (): Promise<ExhibitSpool> => {
    await exhibit.close();
    await openCase.release();
    reopened = await store.open(openCase.file.caseId);
    const opened = await reopened.exhibit();
    if (opened === null) throw new Error('no exhibit is open');
    return opened;
  };
  return { openCase, exhibit, again };
}

describe('exhibit spool', () => {
  it('stores bytes as they are, with their hash, and writes one line each to items, outcomes and custody log', async () => {
    const { exhibit } = await started();
    const bytes = randomBytes(3_000_000);
    await exhibit.plan(planOf('logs/a'));
    const writer = await exhibit.sink.open(draftOf('logs/a', 'data/pods/a/current.log'));
    for (let at = 0; at < bytes.length;) {
      const chunk = bytes.subarray(at, at + 1 + ((at * 7919) % 70_000));
      await writer.write(Buffer.from(chunk));
      at += chunk.length;
    }
    expect(await writer.commit(factsOf('logs/a'))).toEqual({
      path: 'data/pods/a/current.log',
      sha256: sha256(bytes),
      sizeBytes: bytes.length,
    });
    await exhibit.outcome(outcomeOf('logs/a'));
    expect(readFileSync(join(exhibit.directory, 'data/pods/a/current.log')).equals(bytes)).toBe(true);
    expect(lines(exhibit.layout.items)).toMatchObject([
      { path: 'data/pods/a/current.log', sha256: sha256(bytes), sizeBytes: bytes.length, rereadSha256: null },
    ]);
    expect(events(exhibit)).toEqual(['open', 'item']);
    expect(exhibit.counts()).toMatchObject({ planned: 1, outcomesTotal: 1, items: 1, payloadBytes: bytes.length });
    await exhibit.close();
  });

  it('splits a long item into parts that join to the whole', async () => {
    const { exhibit, again } = await started({ partBytes: 1000 });
    const bytes = randomBytes(2500);
    await exhibit.plan(planOf('logs/a'));
    const writer = await exhibit.sink.open(draftOf('logs/a', 'data/a.log'));
    for (let at = 0; at < bytes.length; at += 700) await writer.write(Buffer.from(bytes.subarray(at, at + 700)));
    await writer.commit(factsOf('logs/a'));
    const whole = { wholeSha256: sha256(bytes), wholeSizeBytes: 2500 };
    expect(lines(exhibit.layout.items)).toMatchObject(
      [1, 2, 3].map((n) => {
        const part = bytes.subarray((n - 1) * 1000, n * 1000);
        return {
          path: `data/a.log.p000${String(n)}`,
          sizeBytes: part.length,
          sha256: sha256(part),
          part: { n, of: 3, ...whole },
        };
      }),
    );
    expect(readdirSync(exhibit.layout.data)).toEqual(['a.log.p0001', 'a.log.p0002', 'a.log.p0003']);
    await expect(exhibit.sink.open(draftOf('logs/a', 'data/a.log'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect((await again()).sink.open(draftOf('logs/a', 'data/a.log'))).rejects.toMatchObject({
      code: 'INTERNAL',
    });
  });

  it('does not split an item of exactly one part, and drops all parts on abort', async () => {
    const { exhibit } = await started({ partBytes: 1000 });
    await exhibit.plan(planOf('logs/a'));
    const exact = await exhibit.sink.open(draftOf('logs/a', 'data/exact'));
    await exact.write(randomBytes(1000));
    await exact.commit(factsOf('logs/a'));
    const dropped = await exhibit.sink.open(draftOf('logs/a', 'data/dropped'));
    await dropped.write(randomBytes(3500));
    await dropped.abort();
    expect(readdirSync(exhibit.layout.data)).toEqual(['exact']);
    const retry = await exhibit.sink.open(draftOf('logs/a', 'data/dropped'));
    await retry.commit(factsOf('logs/a'));
    expect(lines(exhibit.layout.items)).toMatchObject([
      { path: 'data/exact' },
      { path: 'data/dropped', sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) },
    ]);
    await exhibit.close();
  });

  it.each([
    'data/../x',
    'data/A',
    'elsewhere/x',
    'data/x/',
    'data//x',
    '/data/x',
    `data/${'x'.repeat(57)}`,
    `data/${Array(5).fill('x'.repeat(50)).join('/')}`,
  ])('refuses the item path %s', async (path) => {
    const { exhibit } = await started();
    await exhibit.plan(planOf('logs/a'));
    await expect(exhibit.sink.open(draftOf('logs/a', path))).rejects.toMatchObject({ code: 'INTERNAL' });
    await exhibit.close();
  });

  it('refuses a taken path, an unplanned artifact, a second outcome, and an outcome without its payload', async () => {
    const { exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    await expect(exhibit.sink.open(draftOf('logs/a', 'data/pods/a/current.log'))).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    await expect(exhibit.sink.open(draftOf('logs/a', 'data/pods/a'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(exhibit.sink.open(draftOf('logs/b', 'data/b'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(exhibit.outcome(outcomeOf('logs/a', 'empty'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(exhibit.outcome(outcomeOf('logs/b', 'empty'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await exhibit.plan(planOf('logs/b'));
    await expect(exhibit.outcome(outcomeOf('logs/b', 'collected'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await exhibit.outcome(outcomeOf('logs/b', 'denied'));
    expect(lines(exhibit.layout.custody).at(-1)).toMatchObject({ event: 'gap', artifact: 'logs/b', outcome: 'denied' });
    await exhibit.close();
  });

  it('remembers plan, outcomes, opening and counts when it is opened again, without calling that an interruption', async () => {
    const { exhibit, again } = await started();
    await collectOne(exhibit, 'a', Buffer.from('abc'));
    await exhibit.planMany([planOf('logs/a'), planOf('logs/b', false), planOf('logs/c')]);
    await exhibit.outcome(outcomeOf('logs/b', 'empty', false));
    const counts = exhibit.counts();
    const opened = await again();
    expect(opened.counts()).toEqual(counts);
    expect(opened.opening()).toEqual(OPENING);
    expect(
      ['a', 'b', 'c', 'd'].map((name) => [opened.hasPlan(`logs/${name}`), opened.hasOutcome(`logs/${name}`)]),
    ).toEqual([
      [true, true],
      [true, true],
      [true, false],
      [false, false],
    ]);
    const outcomes = [];
    for await (const record of opened.readOutcomes()) outcomes.push(record.artifact);
    expect(outcomes).toEqual(['logs/a', 'logs/b']);
    expect(events(opened)).toEqual(['open', 'item']);
    await opened.close();
  });

  it('begins the custody log with open even when something else came first', async () => {
    const { store } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    await exhibit.custody.append('error', { code: 'CLUSTER_UNREACHABLE' });
    await exhibit.writeOpening(OPENING);
    expect(events(exhibit)).toEqual(['open', 'error', 'preflight']);
    await openCase.release();
  });

  it('writes every call to the request log, those without an answer too', async () => {
    const { exhibit, again } = await started();
    const start = { method: 'GET', url: 'https://x/api', auditIdSent: 'id', sentAt: '2026-01-01T00:00:00.000Z' };
    const first = exhibit.requestLog.begin(start);
    const second = exhibit.requestLog.begin(start);
    exhibit.requestLog.end(second, {
      status: 200,
      auditIdAnswered: 'id',
      serverDate: 'x',
      sizeBytes: 1,
      sha256: null,
      tlsPeerSha256: null,
      firstByteAt: null,
      lastByteAt: null,
      error: null,
    });
    exhibit.requestLog.end(99, {
      status: 200,
      auditIdAnswered: null,
      serverDate: null,
      sizeBytes: 1,
      sha256: null,
      tlsPeerSha256: null,
      firstByteAt: null,
      lastByteAt: null,
      error: null,
    });
    await exhibit.custody.append('operator-note');
    expect(
      readFileSync(exhibit.layout.requests, 'latin1')
        .split('\n')
        .map((line) => line.split('\t', 2).join(' ')),
    ).toEqual(['sent 1', 'sent 2', 'done 2', '']);
    expect([first, second]).toEqual([1, 2]);
    expect((await again()).requestLog.begin(start)).toBe(3);
  });
});

describe('what an exhibit could not be sealed with', () => {
  it.each([
    ['a control character', 'logs/a\tb'],
    ['a line feed', 'logs/a\n'],
    ['a letter beyond ASCII', 'logs/gr\u00fcn'],
    ['DEL', 'logs/\u007f'],
    ['1,025 characters', 'l'.repeat(1025)],
    ['nothing', ''],
  ])('is refused as a key: %s', async (_, bad) => {
    const { exhibit } = await started();
    await expect(exhibit.planMany([planOf('logs/good'), planOf(bad)])).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(exhibit.plan({ ...planOf('logs/good'), collector: bad })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(exhibit.hasPlan('logs/good')).toBe(false);
    expect(exhibit.counts().planned).toBe(0);
    expect(statSync(exhibit.layout.plan).size).toBe(0);
    await exhibit.planMany([planOf('logs/good'), planOf('l'.repeat(1024)), planOf(' ~')]);
    expect(lines(exhibit.layout.plan)).toHaveLength(3);
  });

  it('is refused as a record, which leaves everything as it was and usable', async () => {
    const { exhibit, again } = await started();
    const long = 'x'.repeat(MAX_RECORD_BYTES);
    await expect(exhibit.plan({ ...planOf('logs/a'), source: long })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(exhibit.hasPlan('logs/a')).toBe(false);
    await exhibit.planMany([planOf('logs/a'), planOf('logs/b')]);
    const failed = outcomeOf('logs/a', 'failed');
    await expect(
      exhibit.outcomeMany([outcomeOf('logs/b', 'empty'), { ...failed, detail: long }]),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
    expect([exhibit.hasOutcome('logs/a'), exhibit.hasOutcome('logs/b')]).toEqual([false, false]);
    // Fits into its own line, and would not with the fields of a custody entry beside it.
    const room = MAX_RECORD_BYTES - JSON.stringify({ ...failed, reason: '' }).length - 1;
    await exhibit.outcome({ ...failed, reason: 'r'.repeat(room) });
    expect(lines(exhibit.layout.custody).at(-1)).toMatchObject({ event: 'gap', reason: 'r'.repeat(1024) });
    await expect(exhibit.custody.append('operator-note', { long })).rejects.toMatchObject({ code: 'INTERNAL' });
    await exhibit.custody.append('operator-note');
    expect((await again()).counts()).toMatchObject({ planned: 2, outcomesTotal: 1 });
  });

  it('is refused as the record of an item, and of that one alone', async () => {
    const { exhibit } = await started();
    await exhibit.planMany([planOf('logs/a'), planOf('logs/b')]);
    const bad = await exhibit.sink.open(draftOf('logs/a', 'data/a'));
    const good = await exhibit.sink.open(draftOf('logs/b', 'data/b'));
    const source = { uri: 'x'.repeat(MAX_RECORD_BYTES), method: 'GET' };
    const [refused, taken] = await Promise.allSettled([
      bad.commit({ ...factsOf('logs/a'), source }),
      good.commit(factsOf('logs/b')),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(taken.status).toBe('fulfilled');
    expect(lines(exhibit.layout.items)).toMatchObject([{ path: 'data/b' }]);
  });

  it('is refused as an opening, before it is on the disk', async () => {
    const { store } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    const scope = { ...OPENING.scope, pods: ['x'.repeat(MAX_RECORD_BYTES)] } as NonNullable<typeof OPENING.scope>;
    await expect(exhibit.writeOpening({ ...OPENING, scope })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(existsSync(exhibit.layout.opening)).toBe(false);
    await exhibit.writeOpening(OPENING);
    expect(events(exhibit)).toEqual(['open']);
    await openCase.release();
  });
});

describe('updateOpening', () => {
  const wider = { ...OPENING, scope: { ...OPENING.scope, kubelet: true } as NonNullable<typeof OPENING.scope> };

  it('replaces the opening and says so in the custody log', async () => {
    const { exhibit, again } = await started();
    await exhibit.updateOpening(wider);
    expect(exhibit.opening()).toEqual(wider);
    expect(lines(exhibit.layout.custody)).toMatchObject([
      { event: 'open', scope: { kubelet: false } },
      { event: 'preflight', scope: { kubelet: true }, openingUpdated: true },
    ]);
    const opened = await again();
    expect(opened.opening()).toEqual(wider);
    expect(events(opened)).toEqual(['open', 'preflight']);
  });

  it('refuses an exhibit without an opening, and one that is too long, which leaves the old one', async () => {
    const { store } = temporaryStore();
    const { openCase, exhibit } = await newExhibit(store);
    await expect(exhibit.updateOpening(wider)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect([existsSync(exhibit.layout.opening), exhibit.custody.size]).toEqual([false, 0]);
    await exhibit.writeOpening(OPENING);
    const scope = { ...wider.scope, pods: ['x'.repeat(MAX_RECORD_BYTES)] };
    await expect(exhibit.updateOpening({ ...wider, scope })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(exhibit.opening()).toEqual(OPENING);
    expect(JSON.parse(readFileSync(exhibit.layout.opening, 'latin1'))).toEqual(OPENING);
    expect(events(exhibit)).toEqual(['open']);
    await openCase.release();
  });
});

describe('exhibit spool after a crash', () => {
  /** Leaves the exhibit as a process does that was killed: `damage` is done to files that nobody closed properly. */
  async function crashed(damage: (exhibit: ExhibitSpool) => void): Promise<() => Promise<ExhibitSpool>> {
    const { exhibit, again } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    await collectOne(exhibit, 'b', Buffer.from('b'));
    return async () => {
      await exhibit.close();
      writeFileSync(exhibit.layout.inUse, '');
      damage(exhibit);
      return await again();
    };
  }

  it('moves payload that was not committed out of the way and says so', async () => {
    const reopen = await crashed((exhibit) => {
      mkdirSync(join(exhibit.layout.data, 'pods/c'), { recursive: true });
      writeFileSync(join(exhibit.layout.data, 'pods/c/current.log'), 'half');
      symlinkSync('/etc/passwd', join(exhibit.layout.data, 'pods/a/link'));
    });
    const exhibit = await reopen();
    expect(readFileSync(join(exhibit.layout.orphans, 'data/pods/c/current.log'), 'latin1')).toBe('half');
    expect(existsSync(join(exhibit.layout.data, 'pods/a/link'))).toBe(false);
    expect(readFileSync(join(exhibit.layout.data, 'pods/a/current.log'), 'latin1')).toBe('a');
    expect(events(exhibit).slice(-2)).toEqual(['interrupted', 'resumed']);
    expect(lines(exhibit.layout.custody).at(-2)).toMatchObject({ orphans: 2, torn: [], unloggedItems: 0 });
    await collectOne(exhibit, 'c', Buffer.from('whole'));
    await exhibit.close();
  });

  it('cuts torn last lines off everywhere and keeps their bytes', async () => {
    const reopen = await crashed((exhibit) => {
      for (const file of ['custody', 'plan', 'outcomes', 'items', 'clock'] as const)
        appendFileSync(exhibit.layout[file], `{"torn ${file}`);
      appendFileSync(exhibit.layout.requests, 'sent\t9');
    });
    const exhibit = await reopen();
    const torn = lines(exhibit.layout.custody).at(-2)?.['torn'] as { file: string; bytesB64: string }[];
    expect(torn.map(({ file, bytesB64 }) => [file, Buffer.from(bytesB64, 'base64').toString()])).toEqual([
      ['custody.jsonl', '{"torn custody'],
      ['plan.jsonl', '{"torn plan'],
      ['outcomes.jsonl', '{"torn outcomes'],
      ['items.jsonl', '{"torn items'],
      ['clock.jsonl', '{"torn clock'],
      ['requests.spool.jsonl', 'sent\t9'],
    ]);
    expect(exhibit.counts()).toMatchObject({ planned: 2, items: 2, outcomesTotal: 2 });
    expect(readdirSync(exhibit.directory).filter((name) => name.includes('.torn'))).toEqual([]);
    await exhibit.close();
  });

  it('records what a process cut off that died before it could say so', async () => {
    const reopen = await crashed((exhibit) => {
      writeFileSync(`${exhibit.layout.custody}.torn`, '{"torn custody');
      writeFileSync(`${exhibit.layout.plan}.torn`, '{"torn plan');
      appendFileSync(exhibit.layout.plan, '{"more');
    });
    const exhibit = await reopen();
    const torn = lines(exhibit.layout.custody).at(-2)?.['torn'] as { file: string; bytesB64: string }[];
    expect(torn.map(({ file, bytesB64 }) => [file, Buffer.from(bytesB64, 'base64').toString()])).toEqual([
      ['custody.jsonl', '{"torn custody'],
      ['plan.jsonl', '{"torn plan\n{"more'],
    ]);
    expect(readdirSync(exhibit.directory).filter((name) => name.includes('.torn'))).toEqual([]);
  });

  it('completes the custody log for an item that was committed and not yet logged', async () => {
    const reopen = await crashed((exhibit) => {
      const [first = '', second = ''] = readFileSync(exhibit.layout.custody, 'latin1').split('\n');
      expect(JSON.parse(second)).toMatchObject({ event: 'item', path: 'data/pods/a/current.log' });
      writeFileSync(exhibit.layout.custody, `${first}\n${second}\n`);
    });
    const exhibit = await reopen();
    expect(lines(exhibit.layout.custody).map(({ event, path }) => [event, path])).toEqual([
      ['open', undefined],
      ['item', 'data/pods/a/current.log'],
      ['interrupted', undefined],
      ['item', 'data/pods/b/current.log'],
      ['resumed', undefined],
    ]);
    await exhibit.close();
    expect(statSync(exhibit.layout.items).size).toBeGreaterThan(0);
  });

  it.each([
    [
      'a changed hash',
      (text: string) => text.replace(/"sha256":"./, '"sha256":"x'),
      'payload files are not those of the custody log',
    ],
    [
      'a missing record',
      (text: string) => text.slice(text.indexOf('\n') + 1),
      'payload files are not those of the custody log',
    ],
    ['a line that is no record', (text: string) => `nonsense\n${text}`, 'line 1 of items.jsonl'],
  ])('refuses items.jsonl with %s', async (_, damage, message) => {
    const reopen = await crashed((exhibit) => {
      writeFileSync(exhibit.layout.items, damage(readFileSync(exhibit.layout.items, 'latin1')));
    });
    await expect(reopen()).rejects.toMatchObject({
      code: 'CASE_CORRUPT',
      message: expect.stringContaining(message) as string,
    });
  });
});
