import { closeSync, constants, mkdtempSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Opens a file for reading and writing that has no name by the time this returns; until then it is alone in a new folder that nobody
 * else may enter, so that in a shared folder for temporary files no name of ours can be taken first. Throws system errors.
 */
export function openNamelessFile(directory: string): number {
  const folder = mkdtempSync(join(directory, '.exhibit-'));
  let fd: number | undefined;
  try {
    const path = join(folder, 'spill');
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    unlinkSync(path);
    rmdirSync(folder);
    return fd;
  } catch (error) {
    if (fd === undefined) rmdirSync(folder);
    else closeSync(fd);
    throw error;
  }
}
