import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { parseJson } from '../lib/untyped.js';
import { ExhibitError } from '../model/errors.js';
import { receiptSchema, type Receipt } from '../model/exhibit.js';
import { sha256OfFile, type SealedPaths } from './finished-seal.js';
import { readPrivateFile, replaceFile, syncDirectory } from './private-files.js';

/** The receipt of a sealed exhibit. Throws `CASE_CORRUPT` when it is missing or not ours. */
export async function readReceipt({ receipt }: SealedPaths): Promise<Receipt> {
  const bytes = await readPrivateFile(receipt);
  const parsed = receiptSchema.safeParse(bytes === null ? undefined : parseJson(bytes));
  if (parsed.success) return parsed.data;
  throw new ExhibitError('CASE_CORRUPT', 'the receipt of the sealed exhibit is missing or damaged', {
    subject: receipt,
  });
}

/** Gives an encrypted archive that was read back its final name, after the receipt that states its digest. */
export async function nameEncrypted(paths: SealedPaths, receipt: Receipt): Promise<void> {
  await replaceFile(paths.receipt, `${asciiJson(receipt)}\n`);
  try {
    renameSync(paths.encryptedPartial, paths.encrypted);
  } catch (error) {
    throw storageError(error, paths.encrypted);
  }
  await syncDirectory(dirname(paths.encrypted));
}

/**
 * The digest of an encrypted archive that got its name and was not recorded, because the process died in between; `null` when there is
 * none. Throws `STORAGE_FAILED` for a file in its place that is not the one of the receipt: it is not overwritten.
 */
export async function wasNamed(paths: SealedPaths): Promise<string | null> {
  const sha256 = await sha256OfFile(paths.encrypted);
  if (sha256 === null || sha256 === (await readReceipt(paths)).encryptedSha256) return sha256;
  throw new ExhibitError('STORAGE_FAILED', 'a file that is not the encrypted exhibit stands in its place', {
    subject: paths.encrypted,
  });
}
