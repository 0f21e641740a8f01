import { generateKeyPairSync } from 'node:crypto';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExhibitSpool } from '../../src/evidence/exhibit-spool.js';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import { systemClock } from '../../src/lib/clock.js';
import { allowedSignersOf } from '../fakes/archive-builder.js';
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
import { extentOf } from './extent.js';

const { size: items } = extentOf('items in one exhibit', { full: 1_000_000, sample: 20_000 });

const GROUP_ITEMS = 1000;
const SAMPLED_EVERY_MS = 10;
/** Against a hang only; nothing is judged by its duration. */
const TIMEOUT_MS = 3 * 3_600_000;

/**
 * What seal and verify may add to the process, whatever the number of items: the thread pool's buffers, zlib and a heap that is not
 * collected at once. Holding a million paths with their digests in memory would be far beyond it.
 */
const FLAT_BYTES = 256 * 1024 * 1024;

let home: string;
let undo: () => void;

/** A million commits would be three million syncs, hours on some disks; seal and verify never see whether they happened. */
async function leaveSyncsOut(): Promise<() => void> {
  const handle = await fs.promises.open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', () => Promise<void>>;
  await handle.close();
  const { sync, datasync } = prototype;
  const { fdatasync } = fs;
  Object.assign(prototype, { sync: async () => undefined, datasync: async () => undefined });
  Object.assign(fs, { fdatasync: (_fd: number, done: (error: null) => void) => process.nextTick(done, null) });
  syncBuiltinESMExports();
  return () => {
    Object.assign(prototype, { sync, datasync });
    Object.assign(fs, { fdatasync });
    syncBuiltinESMExports();
  };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-million-'));
  undo = await leaveSyncsOut();
});
afterAll(() => {
  undo();
  rmSync(home, { recursive: true, force: true });
});

async function writeItem(exhibit: ExhibitSpool, name: string): Promise<void> {
  const artifact = `logs/${name}`;
  const writer = await exhibit.sink.open(draftOf(artifact, `data/many/d${name.slice(0, 4)}/f${name}.log`));
  await writer.write(Buffer.from(`line of ${name}\n`));
  await writer.commit(factsOf(artifact));
  await exhibit.outcome(outcomeOf(artifact));
}

async function fill(exhibit: ExhibitSpool): Promise<void> {
  for (let from = 0; from < items; from += GROUP_ITEMS) {
    const names = Array.from({ length: Math.min(GROUP_ITEMS, items - from) }, (_, index) =>
      String(from + index).padStart(7, '0'),
    );
    await exhibit.planMany(names.map((name) => planOf(`logs/${name}`)));
    await Promise.all(names.map(async (name) => await writeItem(exhibit, name)));
  }
}

const megabytes = (bytes: number): string => `${String(Math.round(bytes / 1e6))} MB`;

/** Bytes by which the process grew at most while the work went on. */
async function growthOf<T>(work: () => Promise<T>): Promise<{ result: T; grownBytes: number }> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, SAMPLED_EVERY_MS);
  try {
    const result = await work();
    look();
    return { result, grownBytes: most - before };
  } finally {
    clearInterval(timer);
  }
}

describe('an exhibit of a million items', () => {
  it('is sealed and verified whole, in memory that does not grow with it', { timeout: TIMEOUT_MS }, async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const { store } = temporaryStore({ home });
    const { openCase, exhibit } = await newExhibit(store);
    await exhibit.writeOpening(OPENING);
    await fill(exhibit);
    const policy = { requireTimestamp: false, requireSigners: 1 };
    const seal = await growthOf(
      async () =>
        await sealExhibit({
          openCase,
          exhibit,
          signer: memorySigner(key),
          clock: systemClock,
          io: quietIo,
          policy,
          sbom: SBOM,
        }),
    );
    await openCase.release();
    expect(seal.result.report).toMatchObject({ verdict: 'VERIFIED', findings: [] });
    const verify = await growthOf(
      async () =>
        await verifyArchive({
          archivePath: seal.result.archivePath,
          allowedSigners: { source: 'test', text: allowedSignersOf(key) },
          now: systemClock.nowMs(),
          scratchDirectory: home,
        }),
    );
    expect(verify.result.verdict).toBe('VERIFIED');
    expect(verify.result.statement).toMatchObject({ payloadFiles: items });
    process.stderr.write(
      `torture: seal added ${megabytes(seal.grownBytes)}, verify ${megabytes(verify.grownBytes)} to the process\n`,
    );
    expect(seal.grownBytes).toBeLessThan(FLAT_BYTES);
    expect(verify.grownBytes).toBeLessThan(FLAT_BYTES);
  });
});
