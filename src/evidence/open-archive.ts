import { constants, open, type FileHandle } from 'node:fs/promises';
import { storageError } from '../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

/** What an archive is read from, in order from its beginning: a file, or one that is decrypted meanwhile. */
export interface ArchiveSource {
  /** Into the beginning of `buffer`, as many bytes as it likes; none at the end. */
  read(buffer: Buffer, at: { readonly position: number }): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

export interface OpenedArchive {
  readonly file: ArchiveSource;
  /** Of the archive in the clear. */
  readonly sizeBytes: number;
  /** For one that is encrypted: the SHA-256 of the encrypted file once it was read to its end, `null` before. */
  readonly encryptedSha256?: () => string | null;
}

const AGE_MARK = Buffer.from('age-encryption.org/');

/** Whether a file begins as an age file does. Throws `USAGE_INVALID` and `STORAGE_FAILED` as `openArchive`. */
export async function isAgeFile(path: string): Promise<boolean> {
  const { file } = await openRegularFile(path);
  try {
    return await hasAgeMark(file);
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}

/**
 * Opens an archive for reading. Throws `USAGE_INVALID` for what cannot be an archive (not there, no regular file, still encrypted) and
 * `STORAGE_FAILED` for what cannot be read. The caller closes it.
 */
export async function openArchive(path: string): Promise<{ readonly file: FileHandle; readonly sizeBytes: number }> {
  const opened = await openRegularFile(path);
  try {
    await refuseEncrypted(opened.file, path);
    return opened;
  } catch (error) {
    await opened.file.close();
    throw storageError(error, path);
  }
}

/** Throws as `openArchive`, except for what is encrypted. The caller closes the file. */
export async function openRegularFile(
  path: string,
): Promise<{ readonly file: FileHandle; readonly sizeBytes: number }> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path);
    throw new ExhibitError('USAGE_INVALID', 'There is no archive at this path.', {
      subject: path,
      hints: ['exhibit case show'],
      cause: error,
    });
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile())
      throw new ExhibitError('USAGE_INVALID', 'An archive is a regular file; this path is something else.', {
        subject: path,
      });
    return { file, sizeBytes: stat.size };
  } catch (error) {
    await file.close();
    throw storageError(error, path);
  }
}

async function hasAgeMark(file: FileHandle): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(AGE_MARK.length), 0, AGE_MARK.length, 0);
  return buffer.equals(AGE_MARK);
}

async function refuseEncrypted(file: FileHandle, path: string): Promise<void> {
  if (!(await hasAgeMark(file))) return;
  throw new ExhibitError('USAGE_INVALID', 'The archive is encrypted with age; decrypt it first.', {
    subject: path,
    hints: [`exhibit decrypt ${path} --identity KEYFILE`, `exhibit verify ${path} --identity KEYFILE`],
  });
}
