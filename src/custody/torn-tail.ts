import { constants } from 'node:fs';
import { lstat, open, rename, truncate, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../model/errors.js';
import { MAX_LINE_BYTES } from './line-scanner.js';
import type { ScannedLines } from './line-scanner.js';
import { corrupt } from './read-chain.js';
import { storageError } from './storage-error.js';
import { syncDirectory } from './sync-directory.js';

/** Of torn bytes, so many go into the record of the interruption. */
export const MAX_TORN_RECORDED_BYTES = 64 * 1024;

/** What was cut off the end of a file; it waits in `<file>.torn` until `releaseTorn`. */
export interface TornTail {
  readonly file: string;
  /** Without LF, unless several crashes left something: then one LF between each. */
  readonly bytes: Buffer;
}

const LF = Buffer.from('\n');

/**
 * Cuts a torn last line off, after its bytes are safe in `<file>.torn`. Also gives back what an earlier process had cut off and did not
 * come to record; `null` when there is neither. Throws `CASE_CORRUPT` for a tail that is longer than any line, and `STORAGE_*`.
 */
export async function cutTorn(
  path: string,
  { torn, wholeBytes, lines }: Pick<ScannedLines, 'torn' | 'wholeBytes' | 'lines'>,
): Promise<TornTail | null> {
  if (torn.length >= MAX_LINE_BYTES) throw corrupt(path, lines + 1, 'it has no end');
  try {
    const left = await readAside(path);
    if (torn.length === 0) return left === null ? null : { file: path, bytes: left };
    const bytes = await putAside(path, left, torn);
    await truncate(path, wholeBytes);
    return { file: path, bytes };
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Once the first `MAX_TORN_RECORDED_BYTES` of the bytes are recorded, on the disk. A longer tail stays under a name that is not read again. */
export async function releaseTorn({ file, bytes }: TornTail): Promise<void> {
  try {
    if (bytes.length > MAX_TORN_RECORDED_BYTES) await keepAside(file);
    else await unlink(asideOf(file));
  } catch (error) {
    throw storageError(error, file);
  }
}

function asideOf(path: string): string {
  return `${path}.torn`;
}

async function readAside(path: string): Promise<Buffer | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(asideOf(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw storageError(new Error('not a regular file'), asideOf(path));
    if (stats.size > 0 && stats.size <= MAX_LINE_BYTES) return await handle.readFile();
    await keepAside(path);
    return null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  } finally {
    await handle?.close();
  }
}

/** Writes the tail behind what is there already, in one step; gives back all of it. */
async function putAside(path: string, left: Buffer | null, torn: Buffer): Promise<Buffer> {
  // The last process put it aside and did not come to cut it off.
  if (left !== null && isLastOf(left, torn)) return left;
  const fits = left !== null && left.length + torn.length < MAX_LINE_BYTES;
  if (left !== null && !fits) await keepAside(path);
  const bytes = fits ? Buffer.concat([left, LF, torn]) : torn;
  const partial = `${asideOf(path)}.new`;
  await unlink(partial).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(partial, flags, 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, asideOf(path));
  await syncDirectory(dirname(path));
  return bytes;
}

function isLastOf(left: Buffer, torn: Buffer): boolean {
  return left.subarray(left.lastIndexOf(LF) + 1).equals(torn);
}

async function keepAside(path: string): Promise<void> {
  for (let n = 1; ; n += 1) {
    const kept = `${asideOf(path)}-kept-${String(n)}`;
    try {
      await lstat(kept);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await rename(asideOf(path), kept);
      return;
    }
  }
}
