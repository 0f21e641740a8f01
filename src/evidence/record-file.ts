import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { SyncedFile } from '../custody/synced-file.js';
import { cutTorn } from '../custody/torn-tail.js';
import type { TornTail } from '../custody/torn-tail.js';

/** Gives each line, without its LF, to `onLine`, which returns what is wrong with it or `null`. Cuts a torn last line off. */
export async function recoverRecords(
  path: string,
  onLine: (line: string, number: number) => string | null,
): Promise<TornTail | null> {
  const scanned = scanLines(path, (line, number) => {
    const wrong = line.startsWith('{') && line.endsWith('}') ? onLine(line, number) : 'it is not one of our records';
    if (wrong !== null) throw corrupt(path, number, wrong);
  });
  return await cutTorn(path, scanned);
}

/** As `recoverRecords`, then opens the file for appending. */
export async function openRecords(
  path: string,
  onLine: (line: string, number: number) => string | null,
): Promise<{ readonly file: SyncedFile; readonly torn: TornTail | null }> {
  const torn = await recoverRecords(path, onLine);
  return { file: await SyncedFile.open(path), torn };
}
