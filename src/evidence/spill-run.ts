import { closeSync, readSync, writeSync } from 'node:fs';
import { storageError } from '../custody/storage-error.js';
import { openNamelessFile } from './nameless-file.js';
import { entryBytesOf, HEADER_BYTES, readKey, readValue } from './spill-entry.js';
import type { SpillEntry } from './spill-entry.js';

export type { SpillEntry } from './spill-entry.js';

const WRITE_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

/** A sorted run in a file without a name. Reads forward only. */
export class SpillRun {
  readonly #fd: number;
  readonly #directory: string;
  #buffer: Buffer = Buffer.allocUnsafe(0);
  #at = 0;
  #end = 0;
  #position = 0;
  #closed = false;

  constructor(fd: number, directory: string) {
    this.#fd = fd;
    this.#directory = directory;
  }

  rewind(): void {
    if (this.#buffer.length < READ_BYTES) this.#buffer = Buffer.allocUnsafe(READ_BYTES);
    this.#at = 0;
    this.#end = 0;
    this.#position = 0;
  }

  /** The next entry; `null` at the end. */
  next(): SpillEntry | null {
    if (!this.#need(HEADER_BYTES)) return null;
    const sizeBytes = entryBytesOf(this.#buffer, this.#at);
    this.#need(sizeBytes);
    const at = this.#at;
    this.#at += sizeBytes;
    return { key: readKey(this.#buffer, at), value: readValue(this.#buffer, at) };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#buffer = Buffer.allocUnsafe(0);
    closeSync(this.#fd);
  }

  /** Makes `sizeBytes` available from the current place; `false` at a clean end, an error at any other. */
  #need(sizeBytes: number): boolean {
    while (this.#end - this.#at < sizeBytes) {
      if (!this.#fill(sizeBytes)) {
        if (this.#end === this.#at) return false;
        throw storageError(new Error('a sort file of ours is shorter than what was written'), this.#directory);
      }
    }
    return true;
  }

  #fill(sizeBytes: number): boolean {
    const kept = this.#buffer.subarray(this.#at, this.#end);
    const target = sizeBytes > this.#buffer.length ? Buffer.allocUnsafe(sizeBytes * 2) : this.#buffer;
    kept.copy(target, 0);
    this.#buffer = target;
    this.#end = kept.length;
    this.#at = 0;
    try {
      const read = readSync(this.#fd, target, this.#end, target.length - this.#end, this.#position);
      this.#end += read;
      this.#position += read;
      return read > 0;
    } catch (error) {
      throw storageError(error, this.#directory);
    }
  }
}

/** Bytes of one encoded entry: those of `source` from `start` to `end`. */
export interface EntryBytes {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Writes entries, already in order and encoded, into a new run. An `EntryBytes` may be used again when the next one is taken. */
export function writeRun(directory: string, entries: Iterable<EntryBytes>): SpillRun {
  let fd: number | undefined;
  try {
    fd = openNamelessFile(directory);
    writeEntries(fd, entries);
    return new SpillRun(fd, directory);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw storageError(error, directory);
  }
}

function writeEntries(fd: number, entries: Iterable<EntryBytes>): void {
  const buffer = Buffer.allocUnsafe(WRITE_BYTES);
  let at = 0;
  for (const { source, start, end } of entries) {
    if (at + end - start > buffer.length) {
      writeAll(fd, buffer.subarray(0, at));
      at = 0;
    }
    if (end - start > buffer.length) writeAll(fd, source.subarray(start, end));
    else at += source.copy(buffer, at, start, end);
  }
  writeAll(fd, buffer.subarray(0, at));
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}
