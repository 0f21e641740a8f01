import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { ExhibitError } from '../../model/errors.js';
import { removeFile } from '../private-files.js';
import { listCustodyFolder, PARTIAL, readCustodyFile, SIGNATURE, type EventFiles } from './custody-folder.js';
import { checkCustodySignature, type CustodyTrust } from './custody-signature.js';

/**
 * Ends what a run began that died while it wrote an event: signed, it becomes an event; not signed, it never was one and is removed. Call
 * it under the lock. Returns the name of the event that was finished; `null` when there was none. Throws `CUSTODY_BROKEN` when the
 * signature is not over what was left, and `STORAGE_*`.
 */
export async function finishInterrupted(folder: string, trust: CustodyTrust): Promise<string | null> {
  const { events } = await listCustodyFolder(folder);
  let finished: string | null = null;
  for (const files of events) {
    const isSigned = !files.hasEvent && files.hasSignature && files.partial.includes(PARTIAL);
    if (isSigned) finished = await finish(folder, files, trust);
    for (const suffix of files.partial)
      if (!isSigned || suffix !== PARTIAL) await removeFile(join(folder, files.name + suffix));
  }
  return finished;
}

async function finish(folder: string, { name }: EventFiles, trust: CustodyTrust): Promise<string> {
  const partial = join(folder, name + PARTIAL);
  const event = await readCustodyFile(folder, name + PARTIAL);
  const signature = await readCustodyFile(folder, name + SIGNATURE);
  const isSigned =
    typeof event !== 'string' &&
    typeof signature !== 'string' &&
    typeof checkCustodySignature(event, signature, trust) !== 'string';
  if (!isSigned) {
    throw new ExhibitError('CUSTODY_BROKEN', 'an event was not written to its end, and its signature is not over it', {
      subject: partial,
      hints: ['exhibit custody verify ARCHIVE'],
    });
  }
  try {
    await rename(partial, join(folder, name));
  } catch (error) {
    throw storageError(error, partial);
  }
  await syncDirectory(folder);
  return name;
}
