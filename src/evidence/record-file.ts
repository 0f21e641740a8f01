import { truncate } from 'node:fs/promises';
import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { storageError } from '../custody/storage-error.js';
import { SyncedFile } from '../custody/synced-file.js';

/** A torn last line of one of our files, cut off. */
export interface TornTail {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Gives each line, without its LF, to `onLine`, which returns what is wrong with it or `null`. Cuts a torn last line off. */
export async function recoverRecords(
  path: string,
  onLine: (line: string, number: number) => string | null,
): Promise<TornTail | null> {
  const { torn, wholeBytes } = scanLines(path, (line, number) => {
    const wrong = line.startsWith('{') && line.endsWith('}') ? onLine(line, number) : 'it is not one of our records';
    if (wrong !== null) throw corrupt(path, number, wrong);
  });
  if (torn.length === 0) return null;
  await cutFile(path, wholeBytes);
  return { file: path, bytes: torn };
}

export async function cutFile(path: string, sizeBytes: number): Promise<void> {
  try {
    await truncate(path, sizeBytes);
  } catch (error) {
    throw storageError(error, path);
  }
}

/** As `recoverRecords`, then opens the file for appending. */
export async function openRecords(
  path: string,
  onLine: (line: string, number: number) => string | null,
): Promise<{ readonly file: SyncedFile; readonly torn: TornTail | null }> {
  const torn = await recoverRecords(path, onLine);
  return { file: await SyncedFile.open(path), torn };
}
