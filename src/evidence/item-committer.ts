import { assertRecordLines, MAX_RECORD_BYTES } from '../custody/record-line.js';
import type { CustodyLog } from '../custody/custody-log.js';
import type { SyncedFile } from '../custody/synced-file.js';
import { syncDirectory } from './private-files.js';

/** What the custody log says of one payload file. */
export interface ItemEntry {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The files of one item, already on the disk themselves. */
export interface PendingItem {
  readonly artifact: string;
  /** Lines of items.jsonl with their LF. */
  readonly lines: string;
  readonly entries: readonly ItemEntry[];
}

/** By so much the seal lengthens a line: it puts the SHA-256 of the second reading in the place of `null`. */
const SEAL_ADDS_BYTES = 64;

interface Waiting extends PendingItem {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes items count, in this order: names of files and directories on the disk, lines in items.jsonl on the disk (from here on the item
 * is committed), custody lines on the disk. What arrives meanwhile goes together, so that thousands of small items share their syncs.
 */
export class ItemCommitter {
  readonly #items: SyncedFile;
  readonly #custody: CustodyLog;
  readonly #unsyncedDirectories = new Set<string>();
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;

  constructor(items: SyncedFile, custody: CustodyLog) {
    this.#items = items;
    this.#custody = custody;
  }

  /** A name was created in `directory`. */
  touched(directory: string): void {
    this.#unsyncedDirectories.add(directory);
  }

  /** Throws `INTERNAL`, for this item alone, when a line would be too long in the sealed exhibit. */
  async commit(item: PendingItem): Promise<void> {
    assertRecordLines(item.lines, 'items.jsonl', MAX_RECORD_BYTES - SEAL_ADDS_BYTES);
    const committed = new Promise<void>((resolve, reject) => {
      this.#queue.push({ ...item, resolve, reject });
    });
    this.#running ??= this.#run();
    await committed;
  }

  async settle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        await this.#commitGroup(group);
        for (const item of group) item.resolve();
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        for (const item of group) item.reject(failure);
      }
    }
    this.#running = null;
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    // Four: more threads Node does not have for the disk.
    await Promise.all([
      this.#syncDirectories(),
      this.#syncDirectories(),
      this.#syncDirectories(),
      this.#syncDirectories(),
    ]);
    await this.#items.append(group.map((item) => item.lines).join(''));
    await this.#custody.appendMany(
      'item',
      group.flatMap((item) => item.entries.map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes }))),
    );
  }
  async #syncDirectories(): Promise<void> {
    for (const directory of this.#unsyncedDirectories) {
      this.#unsyncedDirectories.delete(directory);
      try {
        await syncDirectory(directory);
      } catch (error) {
        this.#unsyncedDirectories.add(directory);
        throw error;
      }
    }
  }
}
