import { createHash } from 'node:crypto';
import { constants, open, unlink, type FileHandle } from 'node:fs/promises';
import { ExhibitError } from '../model/errors.js';
import { DeflateBlocks } from './deflate-blocks.js';
import { GZIP_HEADER, gzipTrailer } from './gzip-format.js';
import { storageError } from '../custody/storage-error.js';
import { createHeaderEncoder, TAR_BLOCK_BYTES, type HeaderEncoder } from './ustar-header.js';

export interface FinishedArchive {
  /** SHA-256 of the .tar.gz, lower-case hex. */
  readonly containerSha256: string;
  /** Of the .tar.gz. */
  readonly sizeBytes: number;
  readonly tarBytes: number;
}

/**
 * Writes one canonical tar.gz. Paths are whole (`<exhibit-id>/...`), printable ASCII, in the order of the caller. A returned promise must
 * be awaited before the next call. Every method throws `STORAGE_FULL` or `STORAGE_FAILED` for what the disk does, and `INTERNAL` for a
 * path that ustar cannot hold or a length that is not the announced one. Exactly one of `finish` and `abort` ends it.
 */
export interface ArchiveWriter {
  /** One whole file. The bytes are copied. */
  addBytes(path: string, bytes: Uint8Array): void | Promise<void>;
  /** Opens a file of exactly `sizeBytes`; its bytes follow with `write`, then `end`. */
  begin(path: string, sizeBytes: number): void | Promise<void>;
  /** The chunk is copied: its memory may be used again once the call has settled. */
  write(chunk: Uint8Array): void | Promise<void>;
  end(): void | Promise<void>;
  /** Ends tar and gzip, syncs and closes the file. The caller renames it. */
  finish(): Promise<FinishedArchive>;
  /** Closes and removes the file. Never throws. */
  abort(): Promise<void>;
}

const ZEROS = Buffer.alloc(2 * TAR_BLOCK_BYTES);

class TarGzWriter implements ArchiveWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #deflate: DeflateBlocks;
  readonly #encodeHeader: HeaderEncoder;
  readonly #header = Buffer.alloc(TAR_BLOCK_BYTES);
  #sizeBytes = 0;
  #open: { readonly path: string; readonly sizeBytes: number } | undefined;
  #written = 0;

  constructor(file: FileHandle, path: string, mtimeSeconds: number) {
    this.#file = file;
    this.#path = path;
    this.#encodeHeader = createHeaderEncoder(mtimeSeconds);
    this.#deflate = new DeflateBlocks((piece) => this.#emit(piece));
  }

  addBytes(path: string, bytes: Uint8Array): void | Promise<void> {
    const steps = [this.#headerOf(path, bytes.length), bytes, ZEROS.subarray(0, -bytes.length & (TAR_BLOCK_BYTES - 1))];
    for (const [index, step] of steps.entries()) {
      const room = this.#deflate.append(step);
      if (room !== undefined) return this.#appendAll(room, steps.slice(index + 1));
    }
    return undefined;
  }

  begin(path: string, sizeBytes: number): void | Promise<void> {
    const header = this.#headerOf(path, sizeBytes);
    this.#open = { path, sizeBytes };
    this.#written = 0;
    return this.#deflate.append(header);
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#open === undefined)
      throw new ExhibitError('INTERNAL', 'Bytes were written while no file of the archive was open.');
    this.#written += chunk.length;
    if (this.#written > this.#open.sizeBytes) throw this.#wrongLength(this.#open.path);
    return this.#deflate.append(chunk);
  }

  end(): void | Promise<void> {
    if (this.#open === undefined)
      throw new ExhibitError('INTERNAL', 'A file of the archive was ended that was not begun.');
    if (this.#written !== this.#open.sizeBytes) throw this.#wrongLength(this.#open.path);
    this.#open = undefined;
    return this.#deflate.append(ZEROS.subarray(0, -this.#written & (TAR_BLOCK_BYTES - 1)));
  }

  async finish(): Promise<FinishedArchive> {
    if (this.#open !== undefined) throw this.#wrongLength(this.#open.path);
    await this.#deflate.append(ZEROS);
    const { crc32, inputBytes } = await this.#deflate.finish();
    await this.#emit(gzipTrailer(crc32, inputBytes));
    try {
      await this.#file.sync();
      await this.#file.close();
    } catch (error) {
      throw storageError(error, this.#path);
    }
    return { containerSha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes, tarBytes: inputBytes };
  }

  async abort(): Promise<void> {
    await this.#deflate.settle();
    await this.#file.close().catch(() => undefined);
    await unlink(this.#path).catch(() => undefined);
  }

  async writeGzipHeader(): Promise<void> {
    await this.#emit(GZIP_HEADER);
  }

  async #appendAll(room: Promise<void>, steps: readonly Uint8Array[]): Promise<void> {
    await room;
    for (const step of steps) await this.#deflate.append(step);
  }

  #headerOf(path: string, sizeBytes: number): Buffer {
    if (this.#open !== undefined)
      throw new ExhibitError('INTERNAL', 'A file of the archive was begun while another was open.');
    if (!this.#encodeHeader({ path, sizeBytes }, this.#header, 0)) {
      throw new ExhibitError('INTERNAL', 'A path or a size does not fit into the archive.', { subject: path });
    }
    return this.#header;
  }

  #wrongLength(path: string): ExhibitError {
    return new ExhibitError('INTERNAL', 'A file of the archive is not as long as was announced.', { subject: path });
  }

  async #emit(piece: Buffer): Promise<void> {
    this.#hash.update(piece);
    this.#sizeBytes += piece.length;
    try {
      await writeWhole(this.#file, piece);
    } catch (error) {
      throw storageError(error, this.#path);
    }
  }
}

/** A write may take less than it was given; at a full disk it does. */
async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written);
    written += bytesWritten;
  }
}

/**
 * Creates `path` exclusively with mode 0600 and starts a gzip member in it. `mtimeSeconds` (since the epoch) goes into every header.
 * Same calls, same tar bytes.
 */
export async function createArchiveWriter(
  path: string,
  options: { readonly mtimeSeconds: number },
): Promise<ArchiveWriter> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw storageError(error, path);
  }
  const writer = new TarGzWriter(file, path, options.mtimeSeconds);
  try {
    await writer.writeGzipHeader();
    return writer;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
