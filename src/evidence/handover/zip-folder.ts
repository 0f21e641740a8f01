import { constants } from 'node:fs';
import { lstat, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';
import { storageError } from '../../custody/storage-error.js';
import { toDate } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import { removeFile, syncDirectory } from '../private-files.js';
import { hashFile } from './package-folder.js';

/** Of each entry, where it is unpacked. */
const ENTRY_MODE = 0o644;
const PRIVATE_FILE = 0o600;
/** Archives are compressed already: more effort saves nothing. */
const LEVEL = 1;

export interface ZipFolderOptions {
  /** Folder that holds the files. */
  readonly directory: string;
  /** Paths in it, with `/`; entries stand in this order under `root/`. */
  readonly paths: readonly string[];
  readonly root: string;
  /** The .zip; must not exist. */
  readonly output: string;
  /** Epoch milliseconds, the time of every entry. */
  readonly atMs: number;
}

/**
 * Packs files into one ZIP, synced, and gives it its name when it is whole. Returns the SHA-256 of what is then read from the disk. One
 * entry at a time and from files only: the library holds whole streams in memory and does not survive their errors. Entries are always
 * deflated: a stored one of unknown size cannot be read by every program. Throws `STORAGE_*`; nothing is left then.
 */
export async function zipFolder(options: ZipFolderOptions): Promise<string> {
  const partial = `${options.output}.partial`;
  let isOurs = false;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(partial, flags, PRIVATE_FILE);
    isOurs = true;
    await writeEntries(handle, options);
    const sha256 = await hashFile(partial);
    await rename(partial, options.output);
    await syncDirectory(dirname(options.output));
    return sha256;
  } catch (error) {
    if (isOurs) await removeFile(partial);
    throw storageError(error, options.output);
  }
}

async function writeEntries(handle: FileHandle, options: ZipFolderOptions): Promise<void> {
  const { directory, paths, root, atMs } = options;
  const zip = new ZipArchive({ zlib: { level: LEVEL } });
  const written = pipeline(zip, handle.createWriteStream({ flush: true }));
  // Seen where an entry is awaited; a failure between two entries is not unhandled then.
  written.catch(() => undefined);
  try {
    for (const path of paths) {
      const stats = await lstat(join(directory, path));
      if (!stats.isFile()) throw new ExhibitError('STORAGE_UNSAFE', 'this is no regular file', { subject: path });
      const entry = new Promise<void>((resolve) => {
        zip.once('entry', () => resolve());
      });
      zip.file(join(directory, path), { name: `${root}/${path}`, mode: ENTRY_MODE, date: toDate(atMs), stats });
      await Promise.race([entry, written]);
    }
    await Promise.all([zip.finalize(), written]);
  } catch (error) {
    zip.abort();
    zip.destroy();
    throw error;
  }
}
