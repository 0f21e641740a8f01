import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presentReport } from '../../src/cli/present-report.js';
import { listItems, readArchiveSummary } from '../../src/evidence/archive-reader.js';
import { createArchiveWriter } from '../../src/evidence/archive-writer.js';
import { secretItems } from '../../src/evidence/secret-items.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import type { VerifyReport } from '../../src/model/verdict.js';
import {
  allowedSignersOf,
  entriesOf,
  listBag,
  listTags,
  makeBag,
  signBag,
  type Bag,
} from '../fakes/archive-builder.js';
import { NOW_MS } from '../fakes/verify-bytes.js';
import { extentOf } from './extent.js';

const MEGABYTE = 2 ** 20;
const { size: megabytes } = extentOf('MiB of one line', { full: 1024, sample: 64 });
/** Against a hang only; nothing is judged by its duration. */
const TIMEOUT_MS = 3_600_000;
/** What looking at it may add to the process: the pool's buffers and zlib. The line itself is far more, and in the sample as much. */
const FLAT_BYTES = megabytes >= 512 ? 256 * MEGABYTE : 192 * MEGABYTE;

const key = generateKeyPairSync('ed25519').privateKey;
/** Escape sequences, markup, a formula, and text that runs from right to left. */
const TEXT = '\u001b[2J<script>alert(1)</script>=cmd()\u202e';
const PIECE = Buffer.from(TEXT.repeat(Math.ceil(MEGABYTE / Buffer.byteLength(TEXT)))).subarray(0, MEGABYTE);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-line-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A signed archive in which one file is one line of this text, listed in its manifest with the right digest. */
async function archiveWith(path: string): Promise<string> {
  const bag: Bag = makeBag({ payload: [{ path: 'data/long', bytes: Buffer.from('short'), artifact: 'long' }] });
  listBag(bag);
  const short = createHash('sha256')
    .update(bag.files.get(path) ?? '')
    .digest('hex');
  const long = createHash('sha256');
  for (let count = 0; count < megabytes; count += 1) long.update(PIECE);
  const sha256 = long.digest('hex');
  const manifest = path.startsWith('data/') ? 'manifest-sha256.txt' : 'tagmanifest-sha256.txt';
  const text = bag.files.get(manifest)?.toString() ?? '';
  bag.files.set(manifest, Buffer.from(text.replace(`${short}  ${path}\n`, `${sha256}  ${path}\n`)));
  if (manifest === 'manifest-sha256.txt') listTags(bag);
  signBag(bag, key);
  const file = join(directory, `${path.replaceAll('/', '-')}.tar.gz`);
  const writer = await createArchiveWriter(file, bag);
  for (const entry of entriesOf(bag)) {
    if (entry.path !== `${bag.root}/${path}`) {
      await writer.addBytes(entry.path, entry.bytes);
      continue;
    }
    await writer.begin(entry.path, megabytes * MEGABYTE);
    for (let count = 0; count < megabytes; count += 1) await writer.write(PIECE);
    await writer.end();
  }
  await writer.finish();
  return file;
}

/** How much the process grew while something was done. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let highest = before;
  const look = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
  return Math.max(highest, process.memoryUsage.rss()) - before;
}

async function verify(archivePath: string): Promise<VerifyReport> {
  const allowedSigners = { source: 'test', text: allowedSignersOf(key) };
  return await verifyArchive({ archivePath, allowedSigners, now: NOW_MS, scratchDirectory: directory });
}

const failure = async (work: Promise<unknown>): Promise<{ code?: string; message?: string }> =>
  await work.then(
    () => ({}),
    (error: unknown) => error as { code?: string; message?: string },
  );

describe('a line of text of an attacker, as long as an archive', () => {
  it.each([
    'meta/outcomes.jsonl',
    'meta/items.jsonl',
    'custody/acquisition.jsonl',
    'manifest-sha256.txt',
    'meta/exhibit.json',
    'VERIFY.md',
  ])(
    'in %s is found, shown in short and escaped, in flat memory',
    async (path) => {
      const file = await archiveWith(path);
      let report: VerifyReport | undefined;
      const grown = await growth(async () => {
        report = await verify(file);
        const works = [() => readArchiveSummary(file), () => listItems(file, () => undefined), () => secretItems(file)];
        for (const work of works) expect((await failure(work())).message ?? '').toMatch(/^[\x20-\x7e]{0,1000}$/);
      });
      expect(report?.verdict).toMatch(/^(TAMPERED|UNDETERMINED)$/);
      const shown = report === undefined ? '' : presentReport(report, 100);
      expect(shown).toMatch(/^[\x20-\x7e\n]+$/);
      expect(shown.length + JSON.stringify(report).length).toBeLessThan(200_000);
      expect(grown, `grew by ${String(Math.round(grown / MEGABYTE))} MiB`).toBeLessThan(FLAT_BYTES);
      rmSync(file);
    },
    TIMEOUT_MS,
  );

  it(
    'in the payload is hashed like any other, in flat memory',
    async () => {
      const file = await archiveWith('data/long');
      let report: VerifyReport | undefined;
      const grown = await growth(async () => {
        report = await verify(file);
        await readArchiveSummary(file);
      });
      // The manifest is right and the record of the item is not: whoever wrote the line had to lie in one of them.
      expect(report?.verdict).toBe('TAMPERED');
      expect(grown, `grew by ${String(Math.round(grown / MEGABYTE))} MiB`).toBeLessThan(FLAT_BYTES);
      rmSync(file);
    },
    TIMEOUT_MS,
  );
});
