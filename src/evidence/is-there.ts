import { lstat } from 'node:fs/promises';
import { storageError } from '../custody/storage-error.js';
import { errnoOf } from '../model/errors.js';

/** Whether anything has this name, a link that leads nowhere included. Throws `STORAGE_*`. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw storageError(error, path);
  }
}
