import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { assertRecordLines } from './record-line.js';
import { storageError } from './storage-error.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A file that only grows. `append` resolves when its bytes are on the disk; appends that arrive while a sync is running share the next
 * one, in order. After the first failure the file is cut back to its last synced byte as well as it can be, and every further append
 * fails with the same error: what a failed sync left behind cannot be known. Throws `STORAGE_FULL` and `STORAGE_FAILED`; `INTERNAL` for a
 * line above `MAX_RECORD_BYTES`, of which nothing is written and after which the file goes on.
 */
export class SyncedFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  #syncedBytes: number;
  #pending: string[] = [];
  #waiters: Waiter[] = [];
  #running: Promise<void> | null = null;
  #failure: Error | null = null;
  #syncWith: (() => Promise<void>) | null = null;

  private constructor(handle: FileHandle, path: string, sizeBytes: number) {
    this.#handle = handle;
    this.#path = path;
    this.#syncedBytes = sizeBytes;
  }

  /** Opens for appending, creates with mode 0600 where there is none; never follows a link. */
  static async open(path: string): Promise<SyncedFile> {
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
      const handle = await open(path, flags, 0o600);
      const { size } = await handle.stat();
      return new SyncedFile(handle, path, size);
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** Bytes known to be on the disk. */
  get syncedBytes(): number {
    return this.#syncedBytes;
  }

  /** Called before each group is written; the group's appends resolve when the hook has resolved too: what must be on the disk with them. */
  syncWith(hook: () => Promise<void>): void {
    this.#syncWith = hook;
  }

  /** `text` is ASCII: whole lines. */
  async append(text: string): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    assertRecordLines(text, this.#path);
    const written = new Promise<void>((resolve, reject) => {
      this.#pending.push(text);
      this.#waiters.push({ resolve, reject });
    });
    this.#running ??= this.#run();
    await written;
  }

  /** Waits for what was appended and closes. */
  async close(): Promise<void> {
    await this.#running;
    await this.#handle.close();
  }

  async #run(): Promise<void> {
    // Appends of the same turn of the event loop go together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const bytes = Buffer.from(this.#pending.join(''), 'latin1');
      const waiters = this.#waiters;
      this.#pending = [];
      this.#waiters = [];
      try {
        await this.#flush(bytes);
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        await this.#fail(storageError(error, this.#path), waiters);
      }
    }
    this.#running = null;
  }

  async #flush(bytes: Buffer): Promise<void> {
    const others = this.#syncWith?.();
    // Its failure is noticed below, also when the writing fails first.
    others?.catch(() => undefined);
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    await this.#handle.datasync();
    await others;
    this.#syncedBytes += bytes.length;
  }

  async #fail(failure: Error, waiters: readonly Waiter[]): Promise<void> {
    this.#failure = failure;
    await this.#handle.truncate(this.#syncedBytes).catch(() => undefined);
    const late = this.#waiters;
    this.#pending = [];
    this.#waiters = [];
    for (const waiter of [...waiters, ...late]) waiter.reject(failure);
  }
}
