import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  collectOne,
  draftOf,
  factsOf,
  memorySigner,
  newExhibit,
  OPENING,
  outcomeOf,
  planOf,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { asciiJson } from '../lib/ascii-json.js';
import { systemClock } from '../lib/clock.js';
import { receiptSchema } from '../model/exhibit.js';
import { ExhibitError } from '../model/errors.js';
import type { CaseStore, OpenCase } from './case-store.js';
import type { ExhibitSpool } from './exhibit-spool.js';
import { sealExhibit } from './seal-exhibit.js';
import type { SealedExhibit, SealOptions } from './seal-exhibit.js';

const signer = memorySigner();

interface Started {
  readonly store: CaseStore;
  readonly openCase: OpenCase;
  readonly exhibit: ExhibitSpool;
}

async function started(partBytes?: number): Promise<Started> {
  const { store } = temporaryStore(partBytes === undefined ? {} : { partBytes });
  const { openCase, exhibit } = await newExhibit(store);
  onTestFinished(async () => {
    await openCase.release();
  });
  await exhibit.writeOpening(OPENING);
  return { store, openCase, exhibit };
}

async function seal(
  { openCase, exhibit }: Pick<Started, 'openCase' | 'exhibit'>,
  options: Partial<SealOptions> = {},
): Promise<SealedExhibit> {
  const policy = { requireTimestamp: false, requireSigners: 1 };
  return await sealExhibit({
    openCase,
    exhibit,
    signer,
    clock: systemClock,
    io: quietIo,
    policy,
    sbom: SBOM,
    ...options,
  });
}

/** Files of a tar.gz by path below its folder. Trusts the archive: it is ours. */
function filesOf(archive: string): Map<string, Buffer> {
  const tar = gunzipSync(readFileSync(archive));
  const files = new Map<string, Buffer>();
  for (let at = 0; tar[at] !== 0;) {
    const text = (from: number, to: number): string => tar.toString('latin1', at + from, at + to).replace(/\0.*$/s, '');
    const path = [text(345, 500), text(0, 100)].filter((piece) => piece !== '').join('/');
    const size = parseInt(text(124, 135), 8);
    files.set(path.slice(path.indexOf('/') + 1), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const records = (files: Map<string, Buffer>, path: string): Record<string, unknown>[] =>
  (files.get(path)?.toString('latin1') ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const eventsOf = (files: Map<string, Buffer>): unknown[] =>
  records(files, 'custody/acquisition.jsonl').map((entry) => entry['event']);

describe('sealExhibit', () => {
  it('makes one verified archive, a receipt and an entry in the case, and keeps the spool', async () => {
    const { store, openCase, exhibit } = await started();
    await collectOne(exhibit, 'b', Buffer.from('second'));
    await collectOne(exhibit, 'a', Buffer.from('first'));
    const sealed = await seal({ openCase, exhibit }, { classification: 'internal' });
    expect(sealed.report.verdict).toBe('VERIFIED');
    expect(sealed.statement).toMatchObject({
      exhibitId: exhibit.exhibitId,
      sequence: 1,
      previous: null,
      openedNotSealed: [],
      kind: 'drill',
      payloadFiles: 2,
      payloadBytes: 11,
      completeness: 'complete',
      classification: 'internal',
      scope: OPENING.scope,
    });
    const files = filesOf(sealed.archivePath);
    expect([...files.keys()]).toEqual([
      'bagit.txt',
      'VERIFY.md',
      'bag-info.txt',
      'custody/acquisition.jsonl',
      'data/pods/a/current.log',
      'data/pods/b/current.log',
      'manifest-sha256.txt',
      'meta/actions.jsonl',
      'meta/clock.jsonl',
      'meta/exhibit.json',
      'meta/external.jsonl',
      'meta/items.jsonl',
      'meta/outcomes.jsonl',
      'meta/plan.jsonl',
      'meta/requests.jsonl',
      'meta/tool/config.yaml',
      'meta/tool/profile.yaml',
      'meta/tool/sbom.cdx.json',
      'meta/tool/tool.json',
      'tagmanifest-sha256.txt',
      'seal/signer.pub',
      'seal/tagmanifest-sha256.txt.sig',
    ]);
    expect(
      records(files, 'meta/items.jsonl').map((item) => [item['path'], item['rereadSha256'] === item['sha256']]),
    ).toEqual([
      ['data/pods/a/current.log', true],
      ['data/pods/b/current.log', true],
    ]);
    expect(eventsOf(files)).toEqual(['open', 'item', 'item', 'preflight', 'request-summary', 'seal']);
    const receipt = readFileSync(sealed.receiptPath);
    expect(receipt.length).toBeLessThanOrEqual(1024);
    expect(receiptSchema.parse(JSON.parse(receipt.toString()))).toEqual(sealed.receipt);
    expect(sealed.receipt.containerSha256).toBe(
      createHash('sha256').update(readFileSync(sealed.archivePath)).digest('hex'),
    );
    expect(readdirSync(openCase.sealedDirectory).sort()).toEqual([
      `${exhibit.exhibitId}.receipt.json`,
      `${exhibit.exhibitId}.tar.gz`,
    ]);
    expect(readFileSync(join(exhibit.directory, 'data/pods/a/current.log'), 'latin1')).toBe('first');
    expect(existsSync(exhibit.layout.sealed)).toBe(true);
    expect(existsSync(exhibit.layout.sealWork)).toBe(false);
    expect((await store.list())[0]?.exhibits).toEqual([
      { exhibitId: exhibit.exhibitId, sequence: 1, state: 'sealed', encryption: null, archive: sealed.archivePath },
    ]);
    expect(await openCase.exhibit()).toBeNull();
  });

  it('gives every planned artifact its outcome, and every lost call its record', async () => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    await exhibit.planMany([planOf('logs/never'), planOf('logs/optional', false)]);
    exhibit.requestLog.begin({
      method: 'GET',
      url: 'https://x/lost',
      auditIdSent: 'id',
      sentAt: '2026-01-01T00:00:00.000Z',
    });
    const sealed = await seal({ openCase, exhibit });
    expect(sealed.report.verdict).toBe('VERIFIED_PARTIAL');
    const files = filesOf(sealed.archivePath);
    expect(
      records(files, 'meta/outcomes.jsonl').map((record) => [record['artifact'], record['outcome'], record['reason']]),
    ).toEqual([
      ['logs/a', 'collected', ''],
      ['logs/never', 'failed', 'interrupted'],
      ['logs/optional', 'failed', 'interrupted'],
    ]);
    expect(eventsOf(files)).toEqual(['open', 'item', 'gap', 'preflight', 'request-summary', 'seal']);
    expect(records(files, 'meta/requests.jsonl')).toMatchObject([
      { seq: 1, status: null, error: 'no answer recorded: the process ended' },
    ]);
    expect(sealed.statement).toMatchObject({ completeness: 'partial', outcomeCounts: { collected: 1, failed: 2 } });
  });

  it('seals an exhibit into which nothing ever came, and links the next ones to it', async () => {
    const { openCase, exhibit } = await started();
    const first = await seal({ openCase, exhibit });
    expect(first.statement).toMatchObject({ completeness: 'failed', payloadFiles: 1 });
    expect([...filesOf(first.archivePath).keys()]).toContain('data/derived/nothing-collected.txt');
    const second = await openCase.openExhibit({ kind: 'incident' });
    const head = second.custody.head.sha256;
    await openCase.giveUp(second, 'a test');
    const third = await openCase.openExhibit({ kind: 'drill' });
    await collectOne(third, 'a', Buffer.from('a'));
    const sealed = await seal({ openCase, exhibit: third });
    expect(sealed.statement).toMatchObject({
      sequence: 3,
      previous: { exhibitId: exhibit.exhibitId, tagmanifestSha256: first.receipt.tagmanifestSha256 },
      openedNotSealed: [
        { exhibitId: second.exhibitId, sequence: 2, custodyHeadSha256: expect.not.stringMatching(head) as string },
      ],
      // No opening was ever written: what is not known is said to be so.
      scope: null,
      tool: { version: 'unknown' },
    });
    expect(sealed.report.verdict).toBe('VERIFIED');
  });

  it('calls an exhibit complete in which every source proved to be empty', async () => {
    const { openCase, exhibit } = await started();
    await exhibit.plan(planOf('logs/a'));
    await exhibit.outcome(outcomeOf('logs/a', 'empty'));
    expect((await seal({ openCase, exhibit })).statement).toMatchObject({
      completeness: 'complete',
      outcomeCounts: { empty: 2 },
      payloadFiles: 1,
    });
  });

  it('seals parts, long files and thousands of calls', async () => {
    const { openCase, exhibit } = await started(400_000);
    await exhibit.plan(planOf('logs/a'));
    const writer = await exhibit.sink.open(draftOf('logs/a', 'data/long.log'));
    for (let n = 0; n < 100; n += 1) await writer.write(Buffer.alloc(10_001, n));
    await writer.commit(factsOf('logs/a'));
    await exhibit.outcome(outcomeOf('logs/a'));
    for (let n = 0; n < 5000; n += 1) {
      const seq = exhibit.requestLog.begin({
        method: 'GET',
        url: `https://x/${String(n)}`,
        auditIdSent: 'id',
        sentAt: '2026-01-01T00:00:00.000Z',
      });
      const end = {
        status: 200,
        auditIdAnswered: null,
        serverDate: null,
        sizeBytes: 1,
        sha256: null,
        tlsPeerSha256: null,
        firstByteAt: null,
        lastByteAt: null,
        error: null,
      };
      if (n % 2 === 0) exhibit.requestLog.end(seq, end);
    }
    const sealed = await seal({ openCase, exhibit }, { partBytes: 400_000 });
    expect(sealed.report.verdict).toBe('VERIFIED');
    const files = filesOf(sealed.archivePath);
    expect(records(files, 'meta/requests.jsonl').map(({ seq, status }) => [seq, status])).toEqual(
      Array.from({ length: 5000 }, (_, n) => [n + 1, n % 2 === 0 ? 200 : null]),
    );
    expect(records(files, 'meta/items.jsonl').map((item) => item['part'])).toMatchObject([
      { n: 1, of: 3 },
      { n: 2, of: 3 },
      { n: 3, of: 3 },
    ]);
  });
});

describe('sealExhibit when something is wrong', () => {
  const damages: [string, (path: string) => void][] = [
    [
      'one changed byte',
      (path) => {
        writeFileSync(path, 'First');
      },
    ],
    [
      'one byte more',
      (path) => {
        appendFileSync(path, '!');
      },
    ],
    [
      'one byte less',
      (path) => {
        writeFileSync(path, 'firs');
      },
    ],
    [
      'a link to the same bytes',
      (path) => {
        renameSync(path, `${path}.moved`);
        symlinkSync(`${path}.moved`, path);
      },
    ],
    [
      'no file any more',
      (path) => {
        unlinkSync(path);
      },
    ],
    [
      'a folder',
      (path) => {
        unlinkSync(path);
        mkdirSync(path);
      },
    ],
  ];

  it.each(damages)('seals nothing over %s, and seals after the repair', async (_, damage) => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('first'));
    await collectOne(exhibit, 'b', Buffer.alloc(600_000, 'b'));
    const path = join(exhibit.directory, 'data/pods/a/current.log');
    damage(path);
    const failure: unknown = await seal({ openCase, exhibit }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExhibitError);
    expect(['SEAL_HASH_MISMATCH', 'STORAGE_FAILED']).toContain((failure as ExhibitError).code);
    expect(readdirSync(openCase.sealedDirectory)).toEqual([]);
    if (existsSync(path)) renameSync(path, join(exhibit.layout.run, 'damaged'));
    writeFileSync(path, 'first');
    const sealed = await seal({ openCase, exhibit });
    expect(sealed.report.verdict).toBe('VERIFIED');
    expect(eventsOf(filesOf(sealed.archivePath)).slice(-6)).toEqual([
      'seal',
      'interrupted',
      'resumed',
      'preflight',
      'request-summary',
      'seal',
    ]);
  });

  it('notices a long file that changed', async () => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.alloc(3_000_000, 'a'));
    const path = join(exhibit.directory, 'data/pods/a/current.log');
    for (const bytes of [Buffer.alloc(3_000_000, 'b'), Buffer.alloc(3_000_001, 'a'), Buffer.alloc(2_999_999, 'a')]) {
      writeFileSync(path, bytes);
      await expect(seal({ openCase, exhibit })).rejects.toMatchObject({
        code: 'SEAL_HASH_MISMATCH',
        subject: 'data/pods/a/current.log',
      });
      expect(readdirSync(openCase.sealedDirectory)).toEqual([]);
    }
  });

  it('does not report success for an archive that its own verification does not accept', async () => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    const other = memorySigner();
    await expect(
      seal(
        { openCase, exhibit },
        { signer: { ...signer, sign: async (bytes, namespace) => await other.sign(bytes, namespace) } },
      ),
    ).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    expect(readdirSync(openCase.sealedDirectory)).toEqual([]);
    expect((await seal({ openCase, exhibit })).report.verdict).toBe('VERIFIED');
  });

  it('stops when it is told to, and leaves nothing', async () => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    await expect(seal({ openCase, exhibit }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(readdirSync(openCase.sealedDirectory)).toEqual([]);
  });

  it('never overwrites what stands in the place of the archive', async () => {
    const { openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    const path = join(openCase.sealedDirectory, `${exhibit.exhibitId}.tar.gz`);
    writeFileSync(path, 'something else');
    await expect(seal({ openCase, exhibit })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(path, 'latin1')).toBe('something else');
  });

  it('seals with leftovers of a seal that died, and recognises one that died after its last step but one', async () => {
    const { store, openCase, exhibit } = await started();
    await collectOne(exhibit, 'a', Buffer.from('a'));
    mkdirSync(exhibit.layout.sealWork);
    writeFileSync(join(exhibit.layout.sealWork, 'plan.jsonl'), 'half');
    writeFileSync(join(openCase.sealedDirectory, `${exhibit.exhibitId}.tar.gz.partial`), 'half');
    // A case whose last entry is lost is what a crash between the renaming and the entry leaves.
    const before = readFileSync(join(openCase.directory, 'case.jsonl'));
    const sealed = await seal({ openCase, exhibit });
    await openCase.release();
    writeFileSync(join(openCase.directory, 'case.jsonl'), before);
    const again = await store.open(openCase.file.caseId);
    expect(again.exhibits).toMatchObject([{ state: 'sealed', tagmanifestSha256: sealed.receipt.tagmanifestSha256 }]);
    expect(await again.exhibit()).toBeNull();
    await again.release();
    // Not so when the archive is not that of the receipt.
    writeFileSync(join(openCase.directory, 'case.jsonl'), before);
    writeFileSync(sealed.receiptPath, asciiJson({ ...sealed.receipt, containerSha256: '0'.repeat(64) }));
    const third = await store.open(openCase.file.caseId);
    expect(third.exhibits).toMatchObject([{ state: 'open' }]);
    await third.release();
  });
});
