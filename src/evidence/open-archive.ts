import { constants, open, type FileHandle } from 'node:fs/promises';
import { storageError } from '../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

const AGE_MARK = Buffer.from('age-encryption.org/');

/**
 * Opens an archive for reading. Throws `USAGE_INVALID` for what cannot be an archive (not there, no regular file, still encrypted) and
 * `STORAGE_FAILED` for what cannot be read. The caller closes it.
 */
export async function openArchive(path: string): Promise<{ readonly file: FileHandle; readonly sizeBytes: number }> {
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
    await refuseEncrypted(file, path);
    return { file, sizeBytes: stat.size };
  } catch (error) {
    await file.close();
    throw storageError(error, path);
  }
}

async function refuseEncrypted(file: FileHandle, path: string): Promise<void> {
  const { buffer } = await file.read(Buffer.alloc(AGE_MARK.length), 0, AGE_MARK.length, 0);
  if (!buffer.equals(AGE_MARK)) return;
  throw new ExhibitError('USAGE_INVALID', 'The archive is encrypted with age; decrypt it first.', {
    subject: path,
    hints: ['age -d -i KEYFILE -o ARCHIVE.tar.gz ARCHIVE.tar.gz.age'],
  });
}
