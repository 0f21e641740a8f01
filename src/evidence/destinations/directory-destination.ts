import { constants, lstat, mkdir, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import {
  type Destination,
  NO_LOCK,
  type OutgoingFile,
  type PutOptions,
  type StorageLock,
  type StoredFile,
} from '../../ports/destination.js';
import { assertFree, leftovers, writeExclusively } from './exclusive-file.js';
import { throwIfInterrupted } from './outgoing-file.js';

const CHUNK_BYTES = 1024 * 1024;

/**
 * A directory: a mounted disk, a share. It must be there: a mount point whose disk is not mounted would otherwise become a directory on the
 * wrong disk. An interrupted copy begins anew. There is no lock, and no digest beside a file.
 */
export function createDirectoryDestination(directory: string, options: { readonly signal: AbortSignal }): Destination {
  return new DirectoryDestination(directory, options.signal);
}

class DirectoryDestination implements Destination {
  readonly location: string;
  readonly #directory: string;
  readonly #signal: AbortSignal;

  constructor(directory: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#signal = signal;
    this.location = directory.endsWith('/') ? directory : `${directory}/`;
  }

  locationOf(name: string): string {
    return join(this.#directory, name);
  }

  async prepare(lock: StorageLock): Promise<void> {
    if (!(await isDirectory(this.#directory)))
      throw new ExhibitError('DESTINATION_INVALID', 'there is no such directory; is its disk mounted?', {
        subject: this.#directory,
        hints: ['findmnt', `mkdir -m 700 ${this.#directory}`],
      });
    if (lock.retention !== null || lock.legalHold)
      throw new ExhibitError('DESTINATION_NOT_LOCKED', 'a directory keeps neither retention nor legal hold', {
        subject: this.#directory,
        hints: ['exhibit push ARCHIVE s3://BUCKET/PREFIX --object-lock governance --retain-until TIME'],
      });
  }

  async find(name: string): Promise<StoredFile | null> {
    const path = this.locationOf(name);
    let stats: BigIntStats;
    try {
      stats = await lstat(path, { bigint: true });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw storageError(error, path);
    }
    if (!stats.isFile())
      throw new ExhibitError('DESTINATION_OCCUPIED', 'something other than a file has this name', { subject: path });
    return {
      name,
      location: path,
      sizeBytes: Number(stats.size),
      sha256: null,
      revision: revisionOf(stats),
      versionId: null,
    };
  }

  async put(file: OutgoingFile, { onProgress }: PutOptions): Promise<StoredFile> {
    const path = this.locationOf(file.name);
    await assertFree(path);
    if (dirname(file.name) !== '.') await ensureFolder(dirname(path));
    await writeExclusively(path, this.#chunksOf(file, onProgress), ({ sha256 }) => {
      if (sha256 !== file.sha256)
        throw new ExhibitError('SOURCE_CHANGED', 'the file changed while it was copied; the copy was removed', {
          subject: file.name,
        });
    });
    const stored = await this.find(file.name);
    if (stored?.sizeBytes === file.sizeBytes) return stored;
    throw new ExhibitError('DESTINATION_MISMATCH', 'the copy is gone or has another size', { subject: path });
  }

  async *read(file: StoredFile): AsyncGenerator<Buffer> {
    const path = this.locationOf(file.name);
    const handle = await this.#openRevision(file, path);
    try {
      let offset = 0;
      while (offset < file.sizeBytes) {
        throwIfInterrupted(this.#signal);
        // Its own buffer for each chunk: the consumer keeps it.
        const length = Math.min(CHUNK_BYTES, file.sizeBytes - offset);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
        if (bytesRead === 0) throw changed(path);
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw storageError(error, path);
    } finally {
      await handle.close();
    }
  }

  async readLock(): Promise<StorageLock> {
    return await Promise.resolve(NO_LOCK);
  }

  async setLock(): Promise<void> {
    await Promise.resolve();
  }

  async abandon(name: string): Promise<number> {
    const partials = await leftovers(this.locationOf(name));
    for (const partial of partials) {
      await unlink(partial).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw storageError(error, partial);
      });
    }
    return partials.length;
  }

  async #openRevision(file: StoredFile, path: string): Promise<FileHandle> {
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') throw changed(path);
      throw storageError(error, path);
    }
    const stats = await handle.stat({ bigint: true });
    if (revisionOf(stats) === file.revision) return handle;
    await handle.close();
    throw changed(path);
  }

  async *#chunksOf(file: OutgoingFile, onProgress: (bytes: number) => void): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let offset = 0;
    while (offset < file.sizeBytes) {
      throwIfInterrupted(this.#signal);
      const bytes = await file.read(buffer, offset);
      if (bytes === 0) return;
      offset += bytes;
      yield buffer.subarray(0, bytes);
      onProgress(offset);
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw storageError(error, path);
  }
}

/** One level below the destination; never through a link. */
async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    await syncDirectory(dirname(path));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw storageError(error, path);
    if (!(await lstat(path)).isDirectory())
      throw new ExhibitError('DESTINATION_OCCUPIED', 'something other than a directory has this name', {
        subject: path,
      });
  }
}

/** Inode, size and time of the last change: enough to notice that a file was exchanged between two looks. */
function revisionOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join(':');
}

function changed(path: string): ExhibitError {
  return new ExhibitError('DESTINATION_MISMATCH', 'the file was removed or changed meanwhile', { subject: path });
}
