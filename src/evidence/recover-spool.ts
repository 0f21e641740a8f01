import { createHash } from 'node:crypto';
import { existsSync, opendirSync, renameSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import { ChainedLog } from '../custody/chained-log.js';
import type { ChainEntry } from '../custody/read-chain.js';
import { corrupt } from '../custody/read-chain.js';
import { storageError } from '../custody/storage-error.js';
import type { SyncedFile } from '../custody/synced-file.js';
import type { TornTail } from '../custody/torn-tail.js';
import type { CustodyEvent } from '../model/custody-entry.js';
import { errnoOf } from '../model/errors.js';
import type { Outcome, OutcomeCounts } from '../model/outcome.js';
import { emptyOutcomeCounts, OUTCOMES } from '../model/outcome.js';
import type { Clock } from '../ports/clock.js';
import type { ItemEntry } from './item-committer.js';
import { ENDED, KeySet, OBTAINED, PLANNED } from './key-set.js';
import { ensurePrivateDirectory } from './private-files.js';
import { openRecords } from './record-file.js';
import { integerMember, textMember } from './spool-line.js';
import type { SpoolLayout } from './spool-layout.js';
import { SpoolRequestLog } from './spool-request-log.js';

export interface SpoolCounts {
  planned: number;
  outcomes: OutcomeCounts;
  outcomesTotal: number;
  items: number;
  payloadBytes: number;
}

/** Everything of a spool, open and consistent. */
export interface RecoveredSpool {
  readonly custody: ChainedLog<CustodyEvent>;
  readonly plan: SyncedFile;
  readonly outcomes: SyncedFile;
  readonly items: SyncedFile;
  readonly clock: SyncedFile;
  readonly external: SyncedFile;
  readonly requestLog: SpoolRequestLog;
  /** Each artifact: whether it is `PLANNED`, has `ENDED` with an outcome, has `OBTAINED` an item. */
  readonly artifacts: KeySet;
  readonly counts: SpoolCounts;
  /** Paths that exist in parts only. */
  readonly splitPaths: readonly string[];
  /** Committed items whose custody line is missing; the caller appends it. */
  readonly unloggedItems: readonly ItemEntry[];
  readonly torn: readonly TornTail[];
  /** Payload files that were not committed, now in `orphans/`. */
  readonly orphans: number;
}

export interface RecoverOptions {
  readonly layout: SpoolLayout;
  readonly clock: Clock;
  readonly actor: string;
  /** For the tables of keys: something that others cannot know. */
  readonly seed: string;
  /** The last process that had the spool open did not close it. */
  readonly unclean: boolean;
}

/** What is opened on the way, to be closed again when something further on fails. */
type Closers = (() => void | Promise<void>)[];

/**
 * Opens the files of a spool, cuts torn last lines off, and after a crash moves what was not committed out of the payload. Throws
 * `CASE_CORRUPT` with file and line for damage that a crash does not explain.
 */
export async function recoverSpool(options: RecoverOptions): Promise<RecoveredSpool> {
  const closers: Closers = [];
  try {
    return await recover(options, closers);
  } catch (error) {
    for (const close of closers) await close();
    throw error;
  }
}

async function recover(
  { layout, clock, actor, seed, unclean }: RecoverOptions,
  closers: Closers,
): Promise<RecoveredSpool> {
  const logged = new ItemDigest();
  const onEntry = (entry: ChainEntry): void => {
    logged.addEntry(entry, layout.custody);
  };
  const { log: custody, torn } = await ChainedLog.open<CustodyEvent>({ path: layout.custody, clock, actor, onEntry });
  closers.push(async () => await custody.close());
  const counts: SpoolCounts = {
    planned: 0,
    outcomes: emptyOutcomeCounts(),
    outcomesTotal: 0,
    items: 0,
    payloadBytes: 0,
  };
  const artifacts = new KeySet(seed);
  const paths = unclean ? new KeySet(seed) : null;
  const items = new ItemReader({ layout, logged, counts, paths, artifacts });
  const tails: TornTail[] = torn === null ? [] : [torn];
  const open = async (path: string, onLine: Parameters<typeof openRecords>[1]): Promise<SyncedFile> => {
    const opened = await openRecords(path, onLine);
    closers.push(async () => await opened.file.close());
    if (opened.torn !== null) tails.push(opened.torn);
    return opened.file;
  };
  const files = {
    plan: await open(layout.plan, (line) => readPlanLine(line, artifacts, counts)),
    outcomes: await open(layout.outcomes, (line) => readOutcomeLine(line, artifacts, counts)),
    items: await open(layout.items, (line, number) => items.read(line, number)),
    clock: await open(layout.clock, () => null),
    external: await open(layout.external, () => null),
  };
  items.finish();
  const requests = await SpoolRequestLog.open(layout.requests);
  closers.push(() => requests.log.close());
  if (requests.torn !== null) tails.push(requests.torn);
  const orphans = paths === null ? 0 : moveOrphans(layout, paths);
  const { splitPaths, unlogged: unloggedItems } = items;
  return {
    custody,
    ...files,
    requestLog: requests.log,
    artifacts,
    counts,
    splitPaths,
    unloggedItems,
    torn: tails,
    orphans,
  };
}

function readPlanLine(line: string, artifacts: KeySet, counts: SpoolCounts): string | null {
  const artifact = textMember(line, 'artifact');
  if (artifact === undefined) return 'it names no artifact';
  if (artifacts.add(artifact, PLANNED)) counts.planned += 1;
  return null;
}

function readOutcomeLine(line: string, artifacts: KeySet, counts: SpoolCounts): string | null {
  const artifact = textMember(line, 'artifact');
  const outcome = textMember(line, 'outcome');
  if (artifact === undefined || !isOutcome(outcome)) return 'it names no artifact or no outcome';
  if (!artifacts.add(artifact, ENDED)) return 'its artifact has an outcome already';
  counts.outcomes[outcome] += 1;
  counts.outcomesTotal += 1;
  return null;
}

function isOutcome(text: string | undefined): text is Outcome {
  return (OUTCOMES as readonly (string | undefined)[]).includes(text);
}

/** Path, hash and size of items in the order of commitment, as one digest: custody log and items.jsonl must tell the same. */
class ItemDigest {
  readonly #hash = createHash('sha256');
  count = 0;

  addEntry(entry: ChainEntry, path: string): void {
    if (entry.event !== 'item') return;
    const { path: item, sha256, sizeBytes } = entry;
    if (typeof item !== 'string' || typeof sha256 !== 'string' || typeof sizeBytes !== 'number') {
      throw corrupt(path, entry.seq, 'it names no payload file');
    }
    this.add({ path: item, sha256, sizeBytes });
  }

  add({ path, sha256, sizeBytes }: ItemEntry): void {
    this.#hash.update(`${sha256} ${String(sizeBytes)} ${path}\n`);
    this.count += 1;
  }

  equals(other: ItemDigest): boolean {
    return this.count === other.count && this.#hash.digest('hex') === other.#hash.digest('hex');
  }
}

interface ItemReaderOptions {
  readonly layout: SpoolLayout;
  readonly logged: ItemDigest;
  readonly counts: SpoolCounts;
  readonly paths: KeySet | null;
  readonly artifacts: KeySet;
}

class ItemReader {
  readonly #options: ItemReaderOptions;
  readonly #found = new ItemDigest();
  readonly splitPaths: string[] = [];
  readonly unlogged: ItemEntry[] = [];

  constructor(options: ItemReaderOptions) {
    this.#options = options;
  }

  read(line: string, number: number): string | null {
    const { logged, counts, paths, artifacts } = this.#options;
    const entry = parseItemLine(line);
    const artifact = textMember(line, 'artifact');
    if (entry === null || artifact === undefined) return 'it is not the record of a payload file';
    counts.items += 1;
    counts.payloadBytes += entry.sizeBytes;
    paths?.add(entry.path);
    artifacts.add(artifact, OBTAINED);
    if (number <= logged.count) this.#found.add(entry);
    else this.unlogged.push(entry);
    if (line.includes('"part":{"n":1,')) this.splitPaths.push(entry.path.replace(/\.p0001$/, ''));
    return null;
  }

  /** Items are committed before they are logged, so the custody log can never know more of them, or others. */
  finish(): void {
    const { layout, logged } = this.#options;
    if (logged.equals(this.#found)) return;
    throw corrupt(layout.items, this.#found.count, 'its payload files are not those of the custody log');
  }
}

/** What the seal needs of a line of items.jsonl; `null` when the line is none. */
export function parseItemLine(line: string): ItemEntry | null {
  const path = textMember(line, 'path');
  const sha256 = textMember(line, 'sha256');
  const sizeBytes = integerMember(line, 'sizeBytes');
  if (path?.startsWith('data/') !== true || sha256?.length !== 64 || sizeBytes === undefined) return null;
  return { path, sha256, sizeBytes };
}

/** Moves files that were never committed from `data/` to `orphans/`, and never deletes one. Links are moved, not followed. */
function moveOrphans(layout: SpoolLayout, committed: KeySet): number {
  let moved = 0;
  for (const path of filesBelow(layout.directory, 'data')) {
    if (committed.has(path)) continue;
    let target = join(layout.orphans, path);
    for (let n = 1; existsSync(target); n += 1) target = `${join(layout.orphans, path)}.${String(n)}`;
    ensurePrivateDirectory(dirname(target));
    try {
      renameSync(join(layout.directory, path), target);
    } catch (error) {
      throw storageError(error, target);
    }
    moved += 1;
  }
  return moved;
}

/** Everything below a folder that is no folder, relative to `directory`. One directory is open at a time. */
function* filesBelow(directory: string, folder: string): Generator<string> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of entriesOf(join(directory, next))) {
      const path = `${next}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else yield path;
    }
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    const handle = opendirSync(path, { bufferSize: 1024 });
    const entries: Dirent[] = [];
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) entries.push(entry);
    handle.closeSync();
    return entries;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, path);
  }
}
