import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { errnoOf } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import { receiptSchema } from '../model/exhibit.js';
import { readPrivateFile } from './private-files.js';
import { wholeFileSha256 } from './whole-file-sha256.js';

export interface SealedPaths {
  readonly archive: string;
  readonly partial: string;
  readonly receipt: string;
  readonly encrypted: string;
  readonly encryptedPartial: string;
}

export function sealedPaths(sealedDirectory: string, exhibitId: string): SealedPaths {
  const archive = join(sealedDirectory, `${exhibitId}.tar.gz`);
  return {
    archive,
    partial: `${archive}.partial`,
    receipt: join(sealedDirectory, `${exhibitId}.receipt.json`),
    encrypted: `${archive}.age`,
    encryptedPartial: `${archive}.age.partial`,
  };
}

/**
 * The receipt of a seal that was finished and not recorded because the process died in between: the archive has its final name, which
 * it only gets after it was read back and verified, and its bytes are those of the receipt. `null` otherwise.
 */
export async function finishedSeal(sealedDirectory: string, exhibitId: string): Promise<Receipt | null> {
  const paths = sealedPaths(sealedDirectory, exhibitId);
  const bytes = await readPrivateFile(paths.receipt);
  if (bytes === null) return null;
  const receipt = receiptSchema.safeParse(parseJsonText(bytes.toString('utf8')));
  if (!receipt.success || receipt.data.exhibitId !== exhibitId) return null;
  return (await sha256OfFile(paths.archive)) === receipt.data.containerSha256 ? receipt.data : null;
}

/** `null` when there is no such file. Never follows a link. */
export async function sha256OfFile(path: string): Promise<string | null> {
  try {
    return await wholeFileSha256(await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, path);
  }
}

function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
