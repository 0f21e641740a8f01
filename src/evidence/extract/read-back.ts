import { createHash } from 'node:crypto';
import { constants, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readLines } from '../../lib/read-lines.js';
import { ExhibitError } from '../../model/errors.js';
import { MANIFEST, TAGMANIFEST } from '../bag-layout.js';
import { isSelected } from './extraction.js';
import { FolderTree } from './folder-tree.js';

const READ_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 512;
const HASH_DIGITS = 64;
/** Files whose bytes wait for the disk at once. */
const IN_FLIGHT = 8;

export interface ReadBackOptions {
  readonly folder: string;
  readonly prefixes: readonly string[];
  /** SHA-256 of the files that no manifest vouches for. */
  readonly unlisted: ReadonlyMap<string, string>;
  /** Whether the manifests list all the others. */
  readonly hasManifests: boolean;
  /** How many files must be there. */
  readonly files: number;
  readonly signal: AbortSignal;
  /** Whether all of it is on the disk already; else each file and folder is synced when it was compared. */
  readonly isSynced: boolean;
}

/**
 * Reads every file that was written again, compares its hash with the manifests, and syncs it unless that was done for all. The manifests themselves are
 * read from the disk too: the tagmanifest is compared with what passed by, which the caller compares with what was verified. Throws
 * `SEAL_HASH_MISMATCH` for a file that is not as it was written, system errors, and the reason of `signal`.
 */
export async function readBack(options: ReadBackOptions): Promise<void> {
  const { folder, unlisted, prefixes, files, hasManifests } = options;
  const reader = new BackReader(options);
  try {
    for (const [path, sha256] of sorted(unlisted)) await reader.compare(path, sha256);
    for (const manifest of hasManifests ? [TAGMANIFEST, MANIFEST] : []) {
      reader.startAgain();
      for await (const [path, sha256] of listed(join(folder, manifest)))
        if (manifest === TAGMANIFEST || isSelected(path, prefixes)) await reader.compare(path, sha256);
    }
    await reader.end();
    if (reader.files !== files) throw mismatch(folder, `${String(reader.files)} of ${String(files)} files are listed`);
  } finally {
    await reader.close();
  }
}

function sorted(files: ReadonlyMap<string, string>): [string, string][] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function* listed(path: string): AsyncGenerator<readonly [path: string, sha256: string]> {
  for await (const { line } of readLines(path, { maxLineBytes: MAX_LINE_BYTES })) {
    const text = line.toString('latin1');
    yield [text.slice(HASH_DIGITS + 2), text.slice(0, HASH_DIGITS)];
  }
}

/** Files are opened one after the other, along the tree; hashed and synced a few at a time. */
class BackReader {
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #syncs: boolean;
  readonly #running = new Set<Promise<void>>();
  #tree: FolderTree;
  #failure: { readonly error: unknown } | null = null;
  files = 0;

  constructor({ folder, signal, isSynced }: ReadBackOptions) {
    this.#folder = folder;
    this.#signal = signal;
    this.#syncs = !isSynced;
    this.#tree = new FolderTree(folder, { creates: false, syncs: this.#syncs });
  }

  /** The next list begins with the smallest path again. */
  startAgain(): void {
    this.#tree.close();
    this.#tree = new FolderTree(this.#folder, { creates: false, syncs: this.#syncs });
  }

  async compare(path: string, sha256: string): Promise<void> {
    this.#signal.throwIfAborted();
    while (this.#running.size >= IN_FLIGHT) await Promise.race(this.#running);
    this.#throwFailure();
    const handle = await open(
      this.#tree.locate(path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    this.files += 1;
    const running: Promise<void> = compareFile(handle, { path, sha256, syncs: this.#syncs })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    this.#throwFailure();
  }

  async close(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    this.#tree.close();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

interface Comparison {
  readonly path: string;
  readonly sha256: string;
  readonly syncs: boolean;
}

async function compareFile(handle: FileHandle, { path, sha256, syncs }: Comparison): Promise<void> {
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    const found = hash.digest('hex');
    if (found !== sha256) throw mismatch(path, `expected ${sha256}, found ${found}`);
    if (syncs) await handle.sync();
  } finally {
    await handle.close();
  }
}

function mismatch(path: string, what: string): ExhibitError {
  return new ExhibitError('SEAL_HASH_MISMATCH', `what was written is not what was read back: ${what}`, {
    subject: path,
    safe: 'The archive is untouched; what had been written was removed.',
  });
}
