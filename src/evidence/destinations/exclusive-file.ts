import { createHash, randomBytes } from 'node:crypto';
import { constants, link, lstat, open, readdir, realpath, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';

export interface WrittenFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** File systems without hard links: FAT and exFAT on sticks, some network shares. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/**
 * Writes a file that must not exist: private (0600), under a name of its own beside `path` until the last byte is on the disk and
 * `accept` has not thrown; then it gets its name in one step that never replaces anything. Whatever fails leaves nothing behind but what a
 * killed process cannot remove: see `leftovers`. Throws `DESTINATION_OCCUPIED`, `STORAGE_*`, and what `chunks` and `accept` throw.
 */
export async function writeExclusively(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  accept: (written: WrittenFile) => void,
): Promise<WrittenFile> {
  await assertFree(path);
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  const handle = await create(partial);
  try {
    const written = await fill(handle, partial, chunks);
    accept(written);
    await publish(partial, path);
    return written;
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

export async function assertFree(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw storageError(error, path);
  }
  throw occupied(path);
}

function occupied(path: string): ExhibitError {
  return new ExhibitError('DESTINATION_OCCUPIED', 'there is something of this name already, and it is not replaced', {
    subject: path,
    hints: [`ls -l ${path}`],
  });
}

async function create(partial: string): Promise<FileHandle> {
  try {
    return await open(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw storageError(error, partial);
  }
}

async function fill(handle: FileHandle, path: string, chunks: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    await writeAll(handle, path, chunk);
  }
  try {
    await handle.sync();
  } catch (error) {
    throw storageError(error, path);
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function writeAll(handle: FileHandle, path: string, chunk: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Gives a finished file its name. `rename` would replace what appeared meanwhile; a link does not. Throws as `writeExclusively`. */
export async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await unlink(partial);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw occupied(path);
    if (!NO_LINKS.has(errnoOf(error) ?? '')) throw storageError(error, path);
    await assertFree(path);
    await rename(partial, path).catch((failure: unknown) => {
      throw storageError(failure, path);
    });
  }
  // The folder may be named through a link by whoever chose it; the file may not.
  await syncDirectory(await realpath(dirname(path)));
}

/** What killed writers of this path left beside it; absolute paths. */
export async function leftovers(path: string): Promise<readonly string[]> {
  const beginning = `${basename(path)}.`;
  try {
    return (await readdir(dirname(path)))
      .filter((name) => name.startsWith(beginning) && /^[0-9a-f]{8}\.partial$/.test(name.slice(beginning.length)))
      .map((name) => join(dirname(path), name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, dirname(path));
  }
}
