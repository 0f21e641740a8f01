import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { createInflateRaw, type InflateRaw } from 'node:zlib';
import { ExhibitError } from '../../model/errors.js';
import { GZIP_HEADER } from '../gzip-format.js';
import { openArchive } from '../open-archive.js';
import { UstarReader } from '../ustar-reader.js';

const READ_BYTES = 256 * 1024;

/** A piece of a file of an archive, in the order of the tar. A file without bytes has one piece of none. */
export interface ArchivePiece {
  /** Relative to the bag's folder. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly bytes: Buffer;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * The files of an archive that was verified before, piece by piece, at the pace of the reader. Every byte of the container is hashed on
 * the way: when the end was reached and it is not the container that verified, throws `VERIFY_FAILED`, so that nothing may count before
 * the end.
 */
export async function* readParent(
  archivePath: string,
  containerSha256: string,
): AsyncGenerator<ArchivePiece, void, undefined> {
  const { file } = await openArchive(archivePath);
  try {
    const pieces: ArchivePiece[] = [];
    const tar = new UstarReader({
      onFile: (path, sizeBytes) => {
        let isFirst = true;
        return (bytes, isLast) => {
          pieces.push({ path, sizeBytes, bytes, isFirst, isLast });
          isFirst = false;
        };
      },
    });
    const container = new ContainerReader(file);
    for await (const bytes of container.inflated()) {
      tar.push(bytes);
      yield* pieces.splice(0);
    }
    if (tar.finish() !== null || (await container.sha256()) !== containerSha256) {
      throw new ExhibitError('VERIFY_FAILED', 'the archive is not the one that was verified a moment ago', {
        subject: archivePath,
        safe: 'Nothing was sealed.',
      });
    }
  } finally {
    await file.close();
  }
}

/** Inflates the one gzip member of a file, no faster than its bytes are taken, and hashes the whole file. */
class ContainerReader {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: READ_BYTES });
  #feeding: Promise<void> | null = null;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *inflated(): AsyncGenerator<Buffer, void, undefined> {
    this.#feeding = this.#feed();
    // A disk that fails must end the loop below, and is thrown by `sha256` or by the loop.
    this.#feeding.catch((error: unknown) =>
      this.#inflate.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    yield* this.#inflate as AsyncIterable<Buffer>;
  }

  async sha256(): Promise<string> {
    await this.#feeding;
    return this.#hash.digest('hex');
  }

  async #feed(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      for (const event of ['end', 'error', 'close'])
        this.#inflate.once(event, () => {
          resolve();
        });
    });
    let position = 0;
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      this.#hash.update(chunk);
      const data = position === 0 ? chunk.subarray(GZIP_HEADER.length) : chunk;
      position += bytesRead;
      if (this.#isOpen() && !this.#inflate.write(data)) await Promise.race([once(this.#inflate, 'drain'), ended]);
    }
    if (this.#isOpen()) this.#inflate.end();
  }

  /** The end of the deflate data is found by the inflating, not by us; what follows is hashed and nothing else. */
  #isOpen(): boolean {
    return !this.#inflate.readableEnded && !this.#inflate.destroyed;
  }
}
