/** The same question for payload that is really split at 2^32 bytes, sealed by the product itself. Almost all of it is zeros. */
import { copyFileSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync, closeSync } from 'node:fs';
import { rm, truncate, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PART_BYTES } from '../../src/evidence/bag-layout.js';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';
import { createHeaderEncoder } from '../../src/evidence/ustar-header.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import { systemClock } from '../../src/lib/clock.js';
import type { Receipt } from '../../src/model/exhibit.js';
import {
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
} from '../fakes/evidence-case.js';
import { choices } from '../torture/extent.js';
import type { Choose } from './attack.js';
import { emptyCounts, noneAllowed, type ClassResult } from './measure.js';
import { appendRun, bytesAt, flippedAt, sliceOf, spliceOf, writeGzipOf, type Piece } from './zero-runs.js';

const MEGABYTE = 2 ** 20;
const SECOND_PART_BYTES = 64 * MEGABYTE;
const LINE = Buffer.from('a line that lies on the boundary of two parts\n');

interface Entry {
  readonly path: string;
  /** Where its header begins in the tar. */
  readonly at: number;
  readonly sizeBytes: number;
}

interface Large {
  readonly directory: string;
  readonly archivePath: string;
  readonly receipt: Receipt;
  readonly allowedSigners: string;
  readonly tar: readonly Piece[];
  readonly first: Entry;
  readonly second: Entry;
}

/** One artifact of two parts, through the real case store, sink and seal. */
async function sealLarge(): Promise<Large> {
  const { store, home } = temporaryStore();
  const { openCase, exhibit } = await newExhibit(store);
  const signer = memorySigner();
  await exhibit.writeOpening(OPENING);
  await exhibit.plan(planOf('logs/large'));
  const writer = await exhibit.sink.open(draftOf('logs/large', 'data/pods/large/current.log'));
  const zeros = Buffer.alloc(MEGABYTE);
  for (let at = MEGABYTE; at < PART_BYTES; at += MEGABYTE) await writer.write(zeros);
  const half = LINE.length >> 1;
  await writer.write(zeros.subarray(half));
  await writer.write(LINE);
  for (let at = 0; at < SECOND_PART_BYTES; at += MEGABYTE) await writer.write(zeros);
  await writer.commit(factsOf('logs/large'));
  await exhibit.outcome(outcomeOf('logs/large'));
  const policy = { requireTimestamp: false, requireSigners: 1 };
  const { archivePath, receipt } = await sealExhibit({
    openCase,
    exhibit,
    signer,
    clock: systemClock,
    io: quietIo,
    policy,
    sbom: SBOM,
  });
  await openCase.release();
  const tar = await tarOf(archivePath);
  const entries = entriesOf(tar);
  const part = (number: number): Entry => {
    const found = entries.find(({ path }) => path.endsWith(`.p000${String(number)}`));
    if (found === undefined) throw new Error('the product did not split the payload');
    return found;
  };
  return {
    directory: home,
    archivePath,
    receipt,
    allowedSigners: `tester@example.test ${signer.publicKey}\n`,
    tar,
    first: part(1),
    second: part(2),
  };
}

async function tarOf(archivePath: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  const unpack = createGunzip({ chunkSize: 512 * 1024 });
  await pipeline(createReadStream(archivePath), unpack, async (unpacked: AsyncIterable<Buffer>) => {
    for await (const chunk of unpacked) appendRun(pieces, chunk);
  });
  return pieces;
}

function entriesOf(tar: readonly Piece[]): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; ;) {
    const header = bytesAt(tar, at, 512);
    if (header[0] === 0) return entries;
    const text = (from: number, to: number): string => header.toString('latin1', from, to).replace(/\0.*$/s, '');
    const sizeBytes = Number.parseInt(text(124, 136), 8);
    entries.push({ path: [text(345, 500), text(0, 100)].filter((part) => part !== '').join('/'), at, sizeBytes });
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
}

/** The header of an entry with another name or size, and everything else as it was. */
function reheaded({ tar }: Large, entry: Entry, change: Partial<Pick<Entry, 'path' | 'sizeBytes'>>): Piece[] {
  const old = bytesAt(tar, entry.at, 512);
  const header = Buffer.alloc(512);
  const mtime = Number.parseInt(old.toString('latin1', 136, 147), 8);
  if (!createHeaderEncoder(mtime)({ path: entry.path, sizeBytes: entry.sizeBytes, ...change }, header, 0))
    throw new Error('the path does not fit');
  return spliceOf(tar, entry.at, 512, [header]);
}

const padded = (sizeBytes: number): number => Math.ceil(sizeBytes / 512) * 512;
const flipIn = ({ tar }: Large, from: number, length: number, choose: Choose): Piece[] =>
  flippedAt(tar, from + choose(length), choose(8));

type TarChange = (large: Large, choose: Choose) => Piece[];

const TAR_CLASSES: readonly (readonly [what: string, change: TarChange])[] = [
  ['one bit of the first part', (large, choose) => flipIn(large, large.first.at + 512, large.first.sizeBytes, choose)],
  [
    'one bit of the second part',
    (large, choose) => flipIn(large, large.second.at + 512, large.second.sizeBytes, choose),
  ],
  [
    'one bit of the line on the boundary',
    (large, choose) =>
      choose(2) === 0
        ? flipIn(large, large.second.at - (LINE.length >> 1), LINE.length >> 1, choose)
        : flipIn(large, large.second.at + 512, LINE.length >> 1, choose),
  ],
  [
    'a block removed from the first part',
    ({ tar, first }, choose) => spliceOf(tar, first.at + 512 * (1 + choose(first.sizeBytes / 512)), 512),
  ],
  ['the first part removed', ({ tar, first }) => spliceOf(tar, first.at, 512 + padded(first.sizeBytes))],
  ['the second part removed', ({ tar, second }) => spliceOf(tar, second.at, 512 + padded(second.sizeBytes))],
  [
    'cut off behind 4 GiB, with a proper end',
    ({ tar, second }, choose) => [
      ...sliceOf(tar, 0, second.at + 512 * choose(padded(second.sizeBytes) / 512)),
      1024 + 512 * choose(2),
    ],
  ],
  [
    'the boundary moved by some blocks',
    (large, choose) => {
      const { first, second } = large;
      const moved = 512 * (1 + choose(1000));
      const tar = reheaded({ ...large, tar: reheaded(large, second, { sizeBytes: second.sizeBytes - moved }) }, first, {
        sizeBytes: first.sizeBytes + moved,
      });
      const header = bytesAt(tar, second.at, 512);
      const begin = sliceOf(tar, second.at + 512, second.at + 512 + moved);
      return spliceOf(tar, second.at, 512 + moved, [...begin, header]);
    },
  ],
  [
    'both parts in one file',
    (large) => {
      const { first, second } = large;
      const sizeBytes = first.sizeBytes + second.sizeBytes;
      const whole = reheaded(large, first, { sizeBytes, path: first.path.replace(/\.p0001$/, '') });
      return spliceOf(whole, second.at, 512);
    },
  ],
  [
    'a size that is the same modulo 2^32',
    (large) => spliceOf(reheaded(large, large.first, { sizeBytes: 0 }), large.first.at + 512, large.first.sizeBytes),
  ],
  ['2^32 zeros after the end, of which the length in the trailer does not tell', ({ tar }) => [...tar, 2 ** 32]],
];

type FileChange = (path: string, sizeBytes: number, choose: Choose) => void | Promise<void>;

function overwrite(path: string, at: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, at);
  } finally {
    closeSync(fd);
  }
}

const FILE_CLASSES: readonly (readonly [what: string, change: FileChange])[] = [
  [
    'a run of bytes of the container',
    (path, sizeBytes, choose) => {
      overwrite(path, choose(sizeBytes - 64), Buffer.from(Array.from({ length: 64 }, () => choose(256))));
    },
  ],
  ['the container cut off at any byte', (path, sizeBytes, choose) => truncate(path, choose(sizeBytes))],
  ['bytes after the end of the container', (path, _size, choose) => appendFile(path, Buffer.alloc(1 + choose(100), 1))],
];

async function passes(large: Large, archivePath: string, withReceipt: boolean): Promise<boolean> {
  const { verdict } = await verifyArchive({
    archivePath,
    allowedSigners: { source: 'outside', text: large.allowedSigners },
    receipt: withReceipt ? large.receipt : null,
    now: systemClock.nowMs(),
    scratchDirectory: large.directory,
  });
  return verdict === 'VERIFIED' || verdict === 'VERIFIED_PARTIAL';
}

export interface LargeMeasurement {
  readonly classes: readonly ClassResult[];
  readonly controls: { tried: number; missed: number };
}

/** Every class, `count` changes each. Its controls are the archive as sealed, with and without the receipt, and written anew by the maker of the changes. */
export async function measureLarge({
  count,
  seed,
}: {
  readonly count: number;
  readonly seed: number;
}): Promise<LargeMeasurement> {
  const large = await sealLarge();
  const directory = mkdtempSync(join(tmpdir(), 'exhibit-tamper-large-'));
  const changed = join(directory, 'changed.tar.gz');
  try {
    const controls = { tried: 0, missed: 0 };
    const control = async (path: string, withReceipt: boolean): Promise<void> => {
      controls.tried += 1;
      if (!(await passes(large, path, withReceipt))) controls.missed += 1;
    };
    await control(large.archivePath, false);
    await control(large.archivePath, true);
    writeGzipOf(changed, large.tar);
    await control(changed, false);
    const classes: ClassResult[] = [];
    const classOf = async (what: string, make: (choose: Choose) => void | Promise<void>): Promise<void> => {
      const choose = choices(seed * 1000 + 700 + classes.length);
      const result: ClassResult = {
        group: 'payload in parts of 4 GiB',
        what,
        by: 'anybody',
        isConsistent: false,
        routes: emptyCounts(),
        broken: [],
        allowed: noneAllowed(),
      };
      for (let made = 0; made < count; made += 1) {
        await make(choose);
        for (const route of ['ours', 'ours-receipt'] as const) {
          result.routes[route].tried += 1;
          if (!(await passes(large, changed, route === 'ours-receipt'))) continue;
          result.routes[route].missed += 1;
          result.broken.push(`${route}: parts of 4 GiB`);
        }
      }
      classes.push(result);
    };
    for (const [what, change] of TAR_CLASSES)
      await classOf(what, (choose) => {
        writeGzipOf(changed, change(large, choose));
      });
    for (const [what, change] of FILE_CLASSES)
      await classOf(what, async (choose) => {
        copyFileSync(large.archivePath, changed);
        await change(changed, statSync(changed).size, choose);
      });
    return { classes, controls };
  } finally {
    rmSync(directory, { recursive: true });
    await rm(large.directory, { recursive: true });
  }
}
