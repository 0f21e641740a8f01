import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../model/errors.js';
import { storageError } from '../custody/storage-error.js';

const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The time of the last access stays as it was: keeping it costs a file system more than reading a small file does. Undefined, and
 * therefore nothing, where a system does not know it.
 */
const QUIET_FLAGS = READ_FLAGS | constants.O_NOATIME;

/** Up to here a file is read in one go; a thread would cost more than the reading. */
export const SMALL_FILE_BYTES = 256 * 1024;

const CHUNK_BYTES = 1024 * 1024;

/** One byte more than the largest small file: it tells a file that has grown. */
const smallBuffer = Buffer.allocUnsafe(SMALL_FILE_BYTES + 1);

/**
 * The bytes of a file of at most `SMALL_FILE_BYTES`, valid until the next call; more than `sizeBytes` of them when the file is longer.
 * Never follows a link.
 */
export function readSmallFile(path: string, sizeBytes: number): Buffer {
  let fd: number | undefined;
  try {
    fd = openQuietly(path);
    let filled = 0;
    while (filled <= sizeBytes) {
      const read = readSync(fd, smallBuffer, filled, sizeBytes + 1 - filled, null);
      if (read === 0) break;
      filled += read;
      // A regular file gives less than was asked for only at its end.
      if (filled === sizeBytes) break;
    }
    return smallBuffer.subarray(0, filled);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Only the owner may ask for it; for everybody else it is an ordinary opening. */
function openQuietly(path: string): number {
  try {
    return openSync(path, QUIET_FLAGS);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return openSync(path, READ_FLAGS);
  }
}

export interface StreamedFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Gives the bytes of a file to `onChunk`, at most `sizeBytes` of them and one more for a file that is longer, and hashes them. The next
 * chunk is read while the last one is being used. Never follows a link.
 */
export async function streamFile(
  path: string,
  sizeBytes: number,
  onChunk: (chunk: Buffer) => void | Promise<void>,
): Promise<StreamedFile> {
  const hash = createHash('sha256');
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, READ_FLAGS);
    const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
    let at = 0;
    let coming = readChunk(handle, buffers[0], 0);
    for (let turn = 1; ; turn += 1) {
      const chunk = await coming;
      if (chunk.length === 0 || at + chunk.length > sizeBytes) {
        return { sha256: hash.digest('hex'), sizeBytes: at + chunk.length };
      }
      at += chunk.length;
      coming = readChunk(handle, buffers[turn % 2], at);
      // Read ahead: its failure is noticed when its turn comes, also when `onChunk` fails first.
      coming.catch(() => undefined);
      hash.update(chunk);
      const room = onChunk(chunk);
      if (room !== undefined) await room;
    }
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}

async function readChunk(handle: FileHandle, buffer: Buffer | undefined, at: number): Promise<Buffer> {
  const target = buffer ?? Buffer.allocUnsafe(CHUNK_BYTES);
  const { bytesRead } = await handle.read(target, 0, target.length, at);
  return target.subarray(0, bytesRead);
}

/** Size of a regular file, by its descriptor. */
export async function sizeOfFile(path: string): Promise<number> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, READ_FLAGS);
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('not a regular file');
    return stats.size;
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}
