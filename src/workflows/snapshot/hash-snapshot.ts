import { join } from 'node:path';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { hashImage, type ImageProgress } from '../../evidence/block-image/hash-image.js';
import { ImageFile } from '../../evidence/block-image/image-file.js';
import { isThere } from '../../evidence/is-there.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { toRfc3339 } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { BlockPlatform, BlockSource } from '../../ports/block-source.js';
import type { Clock } from '../../ports/clock.js';
import type { CommittedItem, ItemDraft, ItemFacts } from '../../ports/evidence-sink.js';
import type { Io } from '../../ports/io.js';
import type { SnapshotHash } from './snapshot-hash.js';

export interface HashSnapshotRequest {
  readonly snapshot: string;
  /** Absolute path of a file that the image itself is written to; `null` = it is only hashed. */
  readonly exportTo: string | null;
}

export interface HashSnapshotDeps {
  /** Puts what was read beside what is said of the snapshot. */
  readonly recordBlocks: (hash: Omit<SnapshotHash, 'record'>) => Promise<unknown>;
  readonly exhibit: ExhibitSpool;
  readonly platform: BlockPlatform;
  readonly clock: Clock;
  readonly io: Io;
  readonly signal: AbortSignal;
}

const COLLECTOR = 'snapshot-blocks';
const PROGRESS_EVERY = 64;

interface Place {
  readonly artifact: string;
  readonly folder: string;
}

/** A snapshot that was read before into this exhibit gets another artifact; what was broken off goes on with its own. */
function artifactOf(exhibit: ExhibitSpool, snapshot: string): string {
  for (let n = 1; ; n += 1) {
    const artifact = `${COLLECTOR}/${snapshot}${n === 1 ? '' : `-${String(n)}`}`;
    if (!exhibit.hasOutcome(artifact)) return artifact;
  }
}

/** A folder without files of an earlier reading, which may have got as far as its manifest. */
async function folderOf(exhibit: ExhibitSpool, snapshot: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const folder = `data/cloud/snapshots/${snapshot}${n === 1 ? '' : `-${String(n)}`}`;
    if (!(await isThere(join(exhibit.directory, folder)))) return folder;
  }
}

interface Reading {
  readonly request: HashSnapshotRequest;
  readonly deps: HashSnapshotDeps;
  readonly source: BlockSource;
  readonly place: Place;
  readonly startedAt: string;
}

function draftOf({ artifact, folder }: Place, name: string): ItemDraft {
  return { path: `${folder}/${name}`, artifact, collector: COLLECTOR, vantage: 'cloud', sensitivity: 'normal' };
}

function factsOf({ deps, source, startedAt }: Reading): ItemFacts {
  return {
    subject: {},
    source: { uri: source.name, method: 'block-read' },
    outcome: 'collected',
    // A completed snapshot never changes.
    sourceChanged: false,
    firstByteAt: startedAt,
    lastByteAt: toRfc3339(deps.clock.nowMs()),
  };
}

function progressOf({ source, deps: { io } }: Reading) {
  return ({ doneBytes, sizeBytes, blocks }: ImageProgress): void => {
    if (blocks % PROGRESS_EVERY !== 0) return;
    io.progress({
      phase: 'snapshot',
      done: doneBytes,
      total: sizeBytes,
      bytes: doneBytes,
      current: [source.snapshot],
      gaps: 0,
      lastError: null,
    });
  };
}

async function readImage(reading: Reading, file: ImageFile | null) {
  const { deps, source, place } = reading;
  const manifest = await deps.exhibit.sink.open(draftOf(place, 'blocks.jsonl'));
  try {
    const image = await hashImage({
      ...{ source, file, signal: deps.signal, onProgress: progressOf(reading) },
      writeManifest: (text) => manifest.write(Buffer.from(text, 'latin1')),
    });
    return { image, manifest: await manifest.commit(factsOf(reading)) };
  } catch (error) {
    await manifest.abort();
    throw error;
  }
}

async function writeRecord(reading: Reading, result: Omit<SnapshotHash, 'record'>): Promise<CommittedItem> {
  const { deps, place } = reading;
  const writer = await deps.exhibit.sink.open(draftOf(place, 'image.json'));
  try {
    await writer.write(Buffer.from(`${asciiJson(result)}\n`, 'latin1'));
    return await writer.commit({ ...factsOf(reading), derivedFrom: [result.manifest.path] });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function openFile({ exportTo }: HashSnapshotRequest, source: BlockSource, io: Io): Promise<ImageFile | null> {
  if (exportTo === null) return null;
  const file = await ImageFile.open(exportTo, source.name);
  if (file.left !== null)
    io.emit('SNAPSHOT_EXPORT_RESUMED', `an unfinished image is gone on with: ${exportTo}.partial`, { exportTo });
  return file;
}

async function readWhole(reading: Reading, file: ImageFile | null): Promise<SnapshotHash> {
  const { request, deps, source, startedAt } = reading;
  const { clock, exhibit, io } = deps;
  const startUs = clock.monoUs();
  const facts = await source.facts();
  io.emit('SNAPSHOT_READ_STARTED', `the blocks of ${request.snapshot} are read`, { snapshot: request.snapshot });
  const { image, manifest } = await readImage(reading, file);
  const result = {
    snapshot: request.snapshot,
    source: source.name,
    facts,
    ...image,
    holeBytes: Math.max(0, image.sizeBytes - image.blocks * image.blockBytes),
    hashStartedAt: startedAt,
    hashEndedAt: toRfc3339(clock.nowMs()),
    durationMs: Math.round((clock.monoUs() - startUs) / 1000),
    counts: source.counts(),
    manifest,
    exportedTo: request.exportTo,
  };
  const record = await writeRecord(reading, result);
  await deps.recordBlocks(result);
  // Last, so that a run that dies before it finds its unfinished file again.
  await file?.publish();
  await exhibit.outcome({
    ...{ artifact: reading.place.artifact, collector: COLLECTOR, required: true },
    outcome: 'collected',
    reason: 'ok',
    detail: `${String(image.blocks)} blocks, SHA-256 of the whole image ${image.imageSha256}`,
    proof: { imageSha256: image.imageSha256, sizeBytes: image.sizeBytes, blocks: image.blocks },
    attempts: 1,
    at: result.hashEndedAt,
  });
  return { ...result, record };
}

/**
 * Reads every block of a snapshot once: SHA-256 of the whole image and a manifest of its blocks go into the exhibit, and the image itself
 * into a file where that is asked for. What fails leaves the artifact open: the same command begins anew, or goes on with the file. Throws
 * as `BlockSource`, `ImageFile` and the exhibit.
 */
export async function hashSnapshot(request: HashSnapshotRequest, deps: HashSnapshotDeps): Promise<SnapshotHash> {
  const { exhibit, platform, clock } = deps;
  const source = platform.source(request.snapshot);
  const { snapshot } = request;
  const place = { artifact: artifactOf(exhibit, snapshot), folder: await folderOf(exhibit, snapshot) };
  const startedAt = toRfc3339(clock.nowMs());
  const file = await openFile(request, source, deps.io);
  try {
    const plan = { collector: COLLECTOR, required: true, source: source.name, plannedAt: startedAt };
    await exhibit.plan({ artifact: place.artifact, ...plan });
    return await readWhole({ request, deps, source, place, startedAt }, file);
  } catch (error) {
    const code = error instanceof ExhibitError ? error.code : 'INTERNAL';
    await exhibit.custody.append('error', { artifact: place.artifact, code, source: source.name });
    throw error;
  } finally {
    platform.close();
    await file?.close();
  }
}
