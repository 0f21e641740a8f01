import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { isSafePath } from '../lib/safe-path.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { EvidenceSink, ItemDraft, ItemWriter, ReadBack } from '../ports/evidence-sink.js';
import { PART_BYTES } from './bag-layout.js';
import type { ItemCommitter, PendingItem } from './item-committer.js';
import { SpoolItemWriter } from './item-writer.js';
import { PayloadFile } from './payload-file.js';
import { readBackFile } from './read-back-file.js';
import { fitsUstar } from './ustar-header.js';

const PART_SUFFIX_BYTES = '.p0001'.length;

export interface FileEvidenceSinkOptions {
  /** Folder of the exhibit. */
  readonly directory: string;
  /** The bag's folder: it counts against the length of paths. */
  readonly exhibitId: string;
  readonly committer: ItemCommitter;
  /** Whether the artifact of an item is in the plan. */
  readonly isPlanned: (artifact: string) => boolean;
  /** Told of each item that is committed. */
  readonly onCommitted: (item: PendingItem) => void;
  /** A failure elsewhere in the spool after which nothing may be written any more. */
  readonly failure: () => Error | null;
  readonly partBytes?: number;
}

/** Writes payload files to their place below `data/`. */
export class FileEvidenceSink implements EvidenceSink {
  readonly #options: FileEvidenceSinkOptions;
  readonly #open = new Set<ItemWriter>();
  /** Paths whose file was split and has another name now. */
  readonly #split = new Set<string>();

  constructor(options: FileEvidenceSinkOptions) {
    this.#options = options;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port allows for sinks that wait
  async open(draft: ItemDraft): Promise<ItemWriter> {
    this.#assertUsable();
    if (
      !draft.path.startsWith('data/') ||
      !isSafePath(draft.path) ||
      !fitsUstar(`${this.#options.exhibitId}/${draft.path}`, PART_SUFFIX_BYTES)
    ) {
      throw new ExhibitError('INTERNAL', 'an item path is outside the grammar', { subject: draft.path });
    }
    if (!this.#options.isPlanned(draft.artifact)) {
      throw new ExhibitError('INTERNAL', 'an item belongs to an artifact that was not planned', {
        subject: draft.artifact,
      });
    }
    if (this.#split.has(draft.path)) throw taken(draft.path);
    const writer = new SpoolItemWriter(draft, {
      directory: this.#options.directory,
      partBytes: this.#options.partBytes ?? PART_BYTES,
      create: (path) => this.#create(path),
      commit: (item) => this.#commit(draft, item),
      ended: (ended) => this.#open.delete(ended),
    });
    this.#open.add(writer);
    return writer;
  }

  async freeBytes(): Promise<number> {
    const { directory } = this.#options;
    try {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    } catch (error) {
      throw storageError(error, directory);
    }
  }

  readBack(path: string): ReadBack {
    if (!path.startsWith('data/') || !isSafePath(path) || this.#split.has(path)) {
      throw new ExhibitError('INTERNAL', 'an item cannot be read back', { subject: path });
    }
    return readBackFile(join(this.#options.directory, path));
  }

  /** Remembers a path whose file exists in parts only. */
  reserve(path: string): void {
    this.#split.add(path);
  }

  /** Aborts what is still open and waits for what is being committed. */
  async close(): Promise<void> {
    for (const writer of this.#open) await writer.abort();
    await this.#options.committer.settle();
  }

  #assertUsable(): void {
    const failure = this.#options.failure();
    if (failure !== null) throw failure;
  }

  async #commit(draft: ItemDraft, item: PendingItem): Promise<void> {
    this.#assertUsable();
    if (item.entries.length > 1) this.reserve(draft.path);
    await this.#options.committer.commit(item);
    this.#options.onCommitted(item);
  }

  #create(path: string): PayloadFile {
    const file = join(this.#options.directory, path);
    this.#options.committer.touched(dirname(file));
    try {
      return createWithFolders(file, (directory) => {
        this.#options.committer.touched(directory);
      });
    } catch (error) {
      if (['EEXIST', 'EISDIR', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw taken(path);
      throw storageError(error, file);
    }
  }
}

function taken(path: string): ExhibitError {
  return new ExhibitError('INTERNAL', 'an item path is taken', { subject: path });
}

function createWithFolders(file: string, onFolder: (parent: string) => void): PayloadFile {
  try {
    return PayloadFile.create(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const folder = dirname(file);
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first !== undefined) {
    for (let made = folder; made.length >= first.length; made = dirname(made)) onFolder(dirname(made));
  }
  return PayloadFile.create(file);
}
