import { constants, link, open, rename, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import { isThere } from '../is-there.js';
import { removeFile, syncDirectory } from '../private-files.js';
import { writeFully } from './write-fully.js';

/** What a file system without hard links says. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Plaintext that is not known to be whole yet: `OUTPUT.partial`, for the owner alone. It gets its name when everything was authenticated,
 * or it vanishes.
 */
export class Quarantine {
  readonly #output: string;
  readonly #path: string;
  readonly #file: FileHandle;
  #position = 0;
  #isDone = false;

  private constructor(output: string, file: FileHandle) {
    this.#output = output;
    this.#path = partialOf(output);
    this.#file = file;
  }

  /** Throws `STORAGE_FAILED` when output or quarantine exist already, `STORAGE_FULL` when `sizeBytes` do not fit. */
  static async open(output: string, sizeBytes: number): Promise<Quarantine> {
    if (await isThere(output)) throw taken(output);
    const path = partialOf(output);
    try {
      await assertRoom(dirname(output), sizeBytes);
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      return new Quarantine(output, await open(path, flags, 0o600));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw storageError(error, path);
      throw new ExhibitError('STORAGE_FAILED', 'an earlier decryption was killed, or another one runs', {
        subject: path,
        hints: [`rm ${path}`],
        cause: error,
      });
    }
  }

  async write(bytes: Buffer): Promise<void> {
    try {
      await writeFully(this.#file, bytes, this.#position);
    } catch (error) {
      throw storageError(error, this.#path);
    }
    this.#position += bytes.length;
  }

  /** Gives it its name, and never that of a file that is there. Throws `STORAGE_*`. */
  async release(): Promise<void> {
    try {
      await this.#file.sync();
      await this.#file.close();
      await moveInto(this.#path, this.#output);
      this.#isDone = true;
      await syncDirectory(dirname(this.#output));
    } catch (error) {
      throw storageError(error, this.#output);
    }
  }

  /** Removes it unless it was released. Safe to call at any time. */
  async dispose(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await this.#file.close().catch(() => undefined);
    await removeFile(this.#path);
  }
}

function partialOf(output: string): string {
  return `${output}.partial`;
}

/** A link fails where a rename would replace what is there. */
async function moveInto(path: string, output: string): Promise<void> {
  try {
    await link(path, output);
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw taken(output);
    if (!NO_LINKS.has(errnoOf(error) ?? '')) throw error;
    if (await isThere(output)) throw taken(output);
    await rename(path, output);
  }
}

function taken(output: string): ExhibitError {
  return new ExhibitError('STORAGE_FAILED', 'a file is there already, and it is not overwritten', {
    subject: output,
    hints: ['exhibit decrypt FILE --output ANOTHERNAME'],
  });
}

async function assertRoom(directory: string, sizeBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= sizeBytes) return;
  throw new ExhibitError(
    'STORAGE_FULL',
    `the plaintext needs ${String(sizeBytes)} bytes, and ${String(bavail * bsize)} are free`,
    { subject: directory, hints: [`df -h ${directory}`] },
  );
}
