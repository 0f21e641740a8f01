import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { parseJson } from '../../lib/untyped.js';
import { receiptSchema, type Receipt } from '../../model/exhibit.js';
import { openRegularFile } from '../open-archive.js';
import { readPrivateFile } from '../private-files.js';
import { wholeFileSha256 } from '../whole-file-sha256.js';

const ARCHIVE_NAME = /^([a-z0-9][a-z0-9-]{2,23}-x\d{4})\.tar\.gz(?:\.age)?$/;

/** The exhibit that the name of an archive's file claims; `null` when it has another name. */
export function exhibitIdOfName(archivePath: string): string | null {
  return ARCHIVE_NAME.exec(basename(archivePath))?.[1] ?? null;
}

/** The receipt that lies beside an archive, as after the seal; `null` when there is none or it is not one. */
export async function receiptBeside(archivePath: string): Promise<Receipt | null> {
  const exhibitId = exhibitIdOfName(archivePath);
  if (exhibitId === null) return null;
  const bytes = await readPrivateFile(join(dirname(archivePath), `${exhibitId}.receipt.json`));
  const parsed = receiptSchema.safeParse(bytes === null ? undefined : parseJson(bytes));
  return parsed.success && parsed.data.exhibitId === exhibitId ? parsed.data : null;
}

/** SHA-256 of a whole file. Throws as `openRegularFile`. */
export async function sha256OfArchive(path: string): Promise<string> {
  const { file } = await openRegularFile(path);
  try {
    return await wholeFileSha256(file);
  } catch (error) {
    throw storageError(error, path);
  }
}

/** SHA-256 of a text of ours. */
export function sha256OfText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
