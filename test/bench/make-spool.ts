/**
 * Writes an open exhibit of a chosen shape through the real case store and sink: what `seal` finds after a collection.
 * Only the syncs are left out: they are what makes a million commits slow, and the seal never sees whether they happened.
 * Arguments: CASES_DIRECTORY KIND(large|small|mixed) ITEMS POOL_FILE FILE_BYTES. Prints the case id.
 */
import fs, { closeSync, openSync, readSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { openCaseStore } from '../../src/evidence/case-store.js';
import type { ExhibitSpool } from '../../src/evidence/exhibit-spool.js';
import { systemClock, systemIds, toRfc3339 } from '../../src/lib/clock.js';
import { NOT_STATED } from '../../src/model/case.js';
import type { ItemFacts } from '../../src/ports/evidence-sink.js';

const COLLECTOR = 'bench';
const GROUP_ITEMS = 2000;
const CHUNK_BYTES = 256 * 1024;
const FILES_PER_FOLDER = 1000;

async function leaveSyncsOut(): Promise<void> {
  const handle = await fs.promises.open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', () => Promise<void>>;
  await handle.close();
  prototype.sync = () => Promise.resolve();
  prototype.datasync = () => Promise.resolve();
  const later = (_fd: number, callback: (error: null) => void): void => {
    process.nextTick(callback, null);
  };
  Object.assign(fs, { fsync: later, fdatasync: later, fsyncSync: () => undefined, fdatasyncSync: () => undefined });
  syncBuiltinESMExports();
}

/** The same numbers on every machine. */
function numbers(): (below: number) => number {
  let state = 12345n;
  return (below) => {
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    return Number(state % BigInt(below));
  };
}

function factsOf(path: string): ItemFacts {
  const at = toRfc3339(systemClock.nowMs());
  return {
    subject: { podUid: systemIds.uuid(), restartCount: { before: 0, after: 0 } },
    source: { uri: `/api/v1/${path}`, method: 'GET', auditId: systemIds.uuid(), status: 200 },
    outcome: 'collected',
    sourceChanged: false,
    firstByteAt: at,
    lastByteAt: at,
  };
}

interface Item {
  readonly artifact: string;
  readonly path: string;
  readonly bytes: () => Iterable<Buffer>;
}

async function writeItem(exhibit: ExhibitSpool, { artifact, path, bytes }: Item): Promise<void> {
  const writer = await exhibit.sink.open({
    path,
    artifact,
    collector: COLLECTOR,
    vantage: 'api',
    sensitivity: 'normal',
  });
  for (const chunk of bytes()) await writer.write(chunk);
  const { sizeBytes } = await writer.commit(factsOf(path));
  await exhibit.outcome({
    artifact,
    collector: COLLECTOR,
    required: true,
    outcome: 'collected',
    reason: 'complete',
    detail: 'framing ended, the last line was read again',
    proof: { status: 200, sizeBytes },
    attempts: 1,
    at: toRfc3339(systemClock.nowMs()),
  });
}

async function writeGroup(exhibit: ExhibitSpool, group: readonly Item[]): Promise<void> {
  const plannedAt = toRfc3339(systemClock.nowMs());
  await exhibit.planMany(
    group.map(({ artifact, path }) => ({
      artifact,
      collector: COLLECTOR,
      required: true,
      source: `/api/v1/${path}`,
      plannedAt,
    })),
  );
  const writes: Promise<void>[] = [];
  for (const item of group) writes.push(writeItem(exhibit, item));
  await Promise.all(writes);
}

/** Files of 200 to `mostBytes` bytes. */
function* smallItems(count: number, pool: Buffer, mostBytes: number): Generator<Item> {
  const below = numbers();
  for (let index = 0; index < count; index += 1) {
    const sizeBytes = 200 + below(mostBytes - 200);
    const from = below(pool.length - sizeBytes);
    const folder = String(Math.floor(index / FILES_PER_FOLDER)).padStart(4, '0');
    const name = String(index).padStart(7, '0');
    yield {
      artifact: `${COLLECTOR}/${name}`,
      path: `data/small/d${folder}/f${name}.log`,
      bytes: () => [Buffer.from(pool.subarray(from, from + sizeBytes))],
    };
  }
}

/** File `index` is the pool's bytes from a place of its own on, around the end. */
function* largeItems(count: number, poolFile: string, sizeBytes: number): Generator<Item> {
  for (let index = 0; index < count; index += 1) {
    const name = String(index).padStart(4, '0');
    yield {
      artifact: `${COLLECTOR}/${name}`,
      path: `data/pods/bench/writer-${name}/main/current.log`,
      bytes: () => slices(poolFile, sizeBytes, index),
    };
  }
}

function* slices(poolFile: string, sizeBytes: number, index: number): Generator<Buffer> {
  const fd = openSync(poolFile, 'r');
  try {
    const poolBytes = fs.fstatSync(fd).size;
    let at = (index * 7_654_321) % poolBytes;
    for (let left = sizeBytes; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
      const read = readSync(fd, chunk, 0, chunk.length, at);
      yield chunk.subarray(0, read);
      left -= read;
      at = (at + read) % poolBytes;
    }
  } finally {
    closeSync(fd);
  }
}

async function writeOpening(exhibit: ExhibitSpool): Promise<void> {
  await exhibit.writeOpening({
    scope: {
      all: true,
      nodes: [],
      pods: [],
      namespaces: [],
      kubelet: false,
      profile: 'bench',
      clusterUid: null,
      apiServer: 'https://127.0.0.1',
    },
    authority: NOT_STATED,
    operator: { apiIdentity: null, cloudIdentity: null, osUser: 'bench', host: 'bench' },
    tool: {
      name: 'exhibit',
      version: '0.0.0',
      commit: 'bench',
      programDigest: '0'.repeat(64),
      programFiles: 1,
      nodeVersion: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    connection: null,
    profileText: '',
    configText: '',
  });
}

async function main([
  casesDirectory = '',
  kind = '',
  items = '',
  poolFile = '',
  sizeBytes = '',
]: readonly string[]): Promise<void> {
  await leaveSyncsOut();
  const io = { emit: () => undefined, progress: () => undefined };
  const store = openCaseStore({ casesDirectory, clock: systemClock, ids: systemIds, io });
  const { caseId } = await store.create({
    reference: 'bench',
    reason: 'bench',
    authority: NOT_STATED,
    operator: 'bench',
    hold: null,
  });
  const opened = await store.open(caseId);
  const exhibit = await opened.openExhibit({ kind: 'drill' });
  await writeOpening(exhibit);
  const all =
    kind === 'large'
      ? largeItems(Number(items), poolFile, Number(sizeBytes))
      : smallItems(Number(items), fs.readFileSync(poolFile), kind === 'mixed' ? Number(sizeBytes) : 4000);
  // A large item at a time: a group of them would only take turns on the disk.
  const groupItems = kind === 'large' ? 1 : GROUP_ITEMS;
  let group: Item[] = [];
  for (const item of all) {
    group.push(item);
    if (group.length < groupItems) continue;
    await writeGroup(exhibit, group);
    group = [];
  }
  await writeGroup(exhibit, group);
  await exhibit.close();
  await opened.release();
  process.stdout.write(`${JSON.stringify({ caseId, exhibit: exhibit.directory })}\n`);
}

await main(process.argv.slice(2));
