import { closeSync, constants, fdatasync, openSync, write, writeSync } from 'node:fs';
import { removeFile } from './private-files.js';
import { storageError } from '../custody/storage-error.js';

/** Bytes that are handed to the kernel at once. */
const BLOCK_BYTES = 256 * 1024;
/** Bytes waiting for the disk before a writer is held back. */
const HIGH_WATER_BYTES = 4 * BLOCK_BYTES;
/** Blocks that are kept for the next file. */
const MAX_SPARE_BLOCKS = 64;

const spareBlocks: Buffer[] = [];

function takeBlock(): Buffer {
  return spareBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
}

function giveBlock(block: Buffer): void {
  if (spareBlocks.length < MAX_SPARE_BLOCKS) spareBlocks.push(block);
}

/**
 * One new file that is written once, front to back. Throws `STORAGE_FULL` or `STORAGE_FAILED`; after that only `discard` helps.
 * Chunks are copied together: thousands of small pieces of memory from the network, kept alive until the disk has them, cost more.
 */
export class PayloadFile {
  readonly #fd: number;
  readonly #path: string;
  /** Being filled. */
  #block: Buffer | null = null;
  #filledBytes = 0;
  /** Full, in order. */
  #queue: Buffer[] = [];
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

  /** Reads the chunk only during the call. The promise, where there is one, is the back-pressure. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    for (let from = 0; from < chunk.length;) from += this.#fill(chunk, from);
    if (this.#queue.length === 0) return undefined;
    if (this.#writing === null) {
      this.#writing = this.#run();
      // Whoever comes next is told: `write`, `finish` and the promise itself all report the failure.
      this.#writing.catch(() => undefined);
    }
    return this.#queue.length * BLOCK_BYTES < HIGH_WATER_BYTES ? undefined : this.#writing;
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
    // The one that is being written stays at the head of the queue until it is.
    this.#queue.splice(1);
    await this.#writing?.catch(() => undefined);
    this.#close();
    await removeFile(this.#path);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
    if (this.#block !== null) giveBlock(this.#block);
    this.#block = null;
    this.#filledBytes = 0;
  }

  /** Copies what fits into the current block. Returns how many bytes that were. */
  #fill(chunk: Uint8Array, from: number): number {
    this.#block ??= takeBlock();
    const bytes = Math.min(chunk.length - from, BLOCK_BYTES - this.#filledBytes);
    this.#block.set(bytes === chunk.length ? chunk : chunk.subarray(from, from + bytes), this.#filledBytes);
    this.#filledBytes += bytes;
    if (this.#filledBytes === BLOCK_BYTES) {
      this.#queue.push(this.#block);
      this.#block = null;
      this.#filledBytes = 0;
    }
    return bytes;
  }

  /** Less than a block: goes into the page cache faster than a thread could be woken for it. */
  #writeRest(): void {
    const block = this.#block;
    if (block === null) return;
    for (let from = 0; from < this.#filledBytes;) from += writeSync(this.#fd, block, from, this.#filledBytes - from);
    this.#filledBytes = 0;
  }

  async #run(): Promise<void> {
    try {
      for (let block = this.#queue[0]; block !== undefined; block = this.#queue[0]) {
        for (let from = 0; from < BLOCK_BYTES;) from += await this.#writeSome(block, from);
        this.#queue.shift();
        giveBlock(block);
      }
    } catch (error) {
      this.#failure = storageError(error, this.#path);
      throw this.#failure;
    } finally {
      this.#writing = null;
    }
  }

  async #writeSome(block: Buffer, from: number): Promise<number> {
    return await new Promise<number>((resolve, reject) => {
      write(this.#fd, block, from, BLOCK_BYTES - from, null, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}
