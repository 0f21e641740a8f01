import { constants, lstatSync, mkdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { syncDirectory } from '../custody/sync-directory.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

export { syncDirectory } from '../custody/sync-directory.js';

/** Mode of every directory of a case. */
const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

/** Files of ours that are read whole are small. */
const MAX_WHOLE_BYTES = 16 * 1024 * 1024;

function unsafe(path: string, why: string): ExhibitError {
  return new ExhibitError('STORAGE_UNSAFE', `the directory ${why}`, { subject: path, hints: [`ls -ld ${path}`] });
}

function assertOwn(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw unsafe(path, 'is a symbolic link');
  if (!stats.isDirectory()) throw unsafe(path, 'is not a directory');
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid) throw unsafe(path, `belongs to user ${String(stats.uid)}`);
  if (uid !== undefined && (stats.mode & 0o077) !== 0) {
    throw unsafe(path, `can be used by others (mode ${(stats.mode & 0o777).toString(8)})`);
  }
}

/** Throws `STORAGE_UNSAFE` unless `path` is a directory of our own that nobody else can use; `STORAGE_FAILED` when it is not there. */
export async function assertPrivateDirectory(path: string): Promise<void> {
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    throw storageError(error, path);
  }
  assertOwn(path, stats);
}

/** Creates a directory with mode 0700, parents too, or checks the one that is there. */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY });
    assertOwn(path, lstatSync(path));
  } catch (error) {
    // A dangling or foreign link stands in the way of mkdir.
    if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR') throw unsafe(path, 'is not a directory');
    throw storageError(error, path);
  }
}

/** Creates a directory that must not exist. Throws the system error `EEXIST` when it does. */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: PRIVATE_DIRECTORY });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw error;
    throw storageError(error, path);
  }
}

/** Creates `path` exclusively with these bytes, synced. Throws the system error `EEXIST` when it is there. */
export async function createFile(path: string, bytes: string | Uint8Array): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      PRIVATE_FILE,
    );
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw error;
    if (handle !== undefined) await unlink(path).catch(() => undefined);
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}

/** Replaces or creates a small file in one step: after a crash it holds the old bytes or the new, never a mixture. */
export async function replaceFile(path: string, bytes: string | Uint8Array): Promise<void> {
  const partial = `${path}.${String(process.pid)}.new`;
  await removeFile(partial);
  await createFile(partial, bytes);
  try {
    await rename(partial, path);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw storageError(error, path);
  }
  await syncDirectory(dirname(path));
}

/** The bytes of a small file of ours; `null` when there is none. Never follows a link. Throws `STORAGE_FAILED`, also above 16 MiB. */
export async function readPrivateFile(path: string): Promise<Buffer | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MAX_WHOLE_BYTES)
      throw storageError(new Error('not a small regular file'), path);
    return await handle.readFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}

/** Removes a file that may not be there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path);
  }
}
