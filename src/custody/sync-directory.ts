import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../model/errors.js';
import { storageError } from './storage-error.js';

/** After it, names created in or renamed into the directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    await handle.sync();
  } catch (error) {
    // Some file systems cannot sync a directory; there is nothing more that a program can do on them.
    if (errnoOf(error) !== 'EINVAL') throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}
