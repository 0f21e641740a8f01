import { closeSync, readSync, writeSync } from 'node:fs';
import { storageError } from '../../custody/storage-error.js';
import { openNamelessFile } from '../nameless-file.js';

const CHUNK_BYTES = 256 * 1024;
const LF = 0x0a;

export interface LineCursor {
  /** The next line without LF; `null` after the last. */
  next(): string | null;
}

/**
 * A list of Latin-1 lines that is written once and read any number of times from the start. Small lists stay in memory; the rest goes to
 * a file without a name. Throws `STORAGE_FULL` and `STORAGE_FAILED`.
 */
export class LineSpill {
  readonly #directory: string;
  #maxMemoryBytes: number;
  /** Filled chunks in memory; a line is never in two chunks. */
  readonly #chunks: Buffer[] = [];
  /** Lengths of the chunks that are in the file, in order. */
  readonly #stored: number[] = [];
  #storedBytes = 0;
  #heldBytes = 0;
  #filling = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #fd: number | undefined;

  constructor(options: { readonly directory: string; readonly maxMemoryBytes: number }) {
    this.#directory = options.directory;
    this.#maxMemoryBytes = options.maxMemoryBytes;
  }

  /** `line` holds no LF and is shorter than a chunk of 256 KiB. */
  add(line: string): void {
    if (line.length >= CHUNK_BYTES) throw new RangeError('line too long for the spill');
    if (this.#filled + line.length + 1 > CHUNK_BYTES) this.#closeChunk();
    this.#filled += this.#filling.write(line, this.#filled, 'latin1');
    this.#filling[this.#filled] = LF;
    this.#filled += 1;
  }

  /** Reads from the start. Nothing may be added afterwards. */
  cursor(): LineCursor {
    const chunks = this.#readChunks();
    let chunk: Buffer = Buffer.alloc(0);
    let at = 0;
    return {
      next: () => {
        while (at === chunk.length) {
          const step = chunks.next();
          if (step.done === true) return null;
          chunk = step.value;
          at = 0;
        }
        const end = chunk.indexOf(LF, at);
        const line = chunk.toString('latin1', at, end);
        at = end + 1;
        return line;
      },
    };
  }

  /** Frees memory and disk. Safe at any time and more than once. */
  dispose(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#chunks.length = 0;
    this.#filled = 0;
  }

  *#readChunks(): Generator<Buffer, void, undefined> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = 0;
    for (const length of this.#stored) {
      this.#read(buffer.subarray(0, length), position);
      position += length;
      yield buffer.subarray(0, length);
    }
    yield* this.#chunks;
    yield this.#filling.subarray(0, this.#filled);
  }

  #closeChunk(): void {
    this.#chunks.push(this.#filling.subarray(0, this.#filled));
    this.#heldBytes += this.#filled;
    this.#filled = 0;
    const isFull = this.#heldBytes > this.#maxMemoryBytes;
    if (isFull) this.#store();
    // Once on the disk, the memory is used again: freed buffers stay with the process until the collector happens to run.
    if (!isFull) this.#filling = Buffer.allocUnsafe(CHUNK_BYTES);
    else this.#maxMemoryBytes = 0;
  }

  #store(): void {
    try {
      this.#fd ??= openNamelessFile(this.#directory);
      for (const chunk of this.#chunks) {
        for (let at = 0; at < chunk.length;)
          at += writeSync(this.#fd, chunk, at, chunk.length - at, this.#storedBytes + at);
        this.#stored.push(chunk.length);
        this.#storedBytes += chunk.length;
      }
    } catch (error) {
      throw storageError(error, this.#directory);
    }
    this.#chunks.length = 0;
    this.#heldBytes = 0;
  }

  #read(target: Buffer, position: number): void {
    try {
      for (let at = 0; at < target.length;) {
        const read = readSync(this.#fd ?? -1, target, at, target.length - at, position + at);
        if (read === 0) throw new Error('a file of ours is shorter than what was written');
        at += read;
      }
    } catch (error) {
      throw storageError(error, this.#directory);
    }
  }
}
