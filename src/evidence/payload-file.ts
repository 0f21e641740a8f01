import { closeSync, constants, fdatasync, openSync, writev, writevSync } from 'node:fs';
import { removeFile } from './private-files.js';
import { storageError } from '../custody/storage-error.js';

/** Bytes that are handed to the kernel at once. */
const BATCH_BYTES = 256 * 1024;
/** Bytes waiting for the disk before a writer is held back. */
const HIGH_WATER_BYTES = 4 * BATCH_BYTES;
/** Chunks below this are joined before they are written; longer ones are written from where they are. */
const SMALL_BYTES = 4096;
const MAX_SMALL_CHUNKS = 256;

/** One new file that is written once, front to back. Throws `STORAGE_FULL` or `STORAGE_FAILED`; after that only `discard` helps. */
export class PayloadFile {
  readonly #fd: number;
  readonly #path: string;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Where in the queue the latest run of small chunks begins. */
  #smallFrom = 0;
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  #closed = false;

  private constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  /** Creates the file with mode 0600. Throws the system error: `EEXIST` and `ENOENT` mean something to the caller. */
  static create(path: string): PayloadFile {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    return new PayloadFile(fd, path);
  }

  get path(): string {
    return this.#path;
  }

  /** Owns the chunk. The promise, where there is one, is the back-pressure. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (chunk.length >= SMALL_BYTES) this.#smallFrom = this.#queue.length;
    else if (this.#queue.length - this.#smallFrom >= MAX_SMALL_CHUNKS) this.#joinSmall();
    if (this.#queuedBytes < BATCH_BYTES) return undefined;
    if (this.#writing === null) {
      this.#writing = this.#run();
      // Whoever comes next is told: `write`, `finish` and the promise itself all report the failure.
      this.#writing.catch(() => undefined);
    }
    return this.#queuedBytes < HIGH_WATER_BYTES ? undefined : this.#writing;
  }

  /** Writes the rest, syncs, closes. */
  async finish(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#writeRest();
      await new Promise<void>((resolve, reject) => {
        fdatasync(this.#fd, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    } catch (error) {
      this.#failure = storageError(error, this.#path);
      throw this.#failure;
    }
    this.#close();
  }

  /** Closes and removes the file, whatever state it is in. */
  async discard(): Promise<void> {
    this.#queue = [];
    this.#queuedBytes = 0;
    await this.#writing?.catch(() => undefined);
    this.#close();
    await removeFile(this.#path);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #joinSmall(): void {
    const small = this.#queue.splice(this.#smallFrom);
    this.#queue.push(Buffer.concat(small));
    this.#smallFrom = this.#queue.length;
  }

  #take(): Uint8Array[] {
    const taken = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#smallFrom = 0;
    return taken;
  }

  /** Less than a batch: goes into the page cache faster than a thread could be woken for it. */
  #writeRest(): void {
    for (let rest = this.#take(); rest.length > 0;) rest = after(rest, writevSync(this.#fd, rest));
  }

  async #run(): Promise<void> {
    try {
      while (this.#queuedBytes >= BATCH_BYTES) {
        for (let rest = this.#take(); rest.length > 0;) rest = after(rest, await this.#writeSome(rest));
      }
    } catch (error) {
      this.#failure = storageError(error, this.#path);
      throw this.#failure;
    } finally {
      this.#writing = null;
    }
  }

  async #writeSome(chunks: Uint8Array[]): Promise<number> {
    return await new Promise<number>((resolve, reject) => {
      writev(this.#fd, chunks, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}

/** What is left of `chunks` after `written` bytes of them. */
function after(chunks: Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.length;
  }
  return [];
}
