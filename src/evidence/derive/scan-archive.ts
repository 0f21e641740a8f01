import { readParent } from './parent-stream.js';
import { SecretScanner } from './secret-scanner.js';
import { SecretTally } from './secret-tally.js';

/** Looks for secrets in every file of a finished archive, records and seal included. Throws as `readParent`. */
export async function scanArchive(archivePath: string, containerSha256: string): Promise<SecretTally> {
  const tally = new SecretTally();
  let scanner: SecretScanner | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) scanner = new SecretScanner(({ kind, offset, text }) => tally.add(text, { kind, path, offset }));
    scanner?.push(bytes);
    if (isLast) scanner?.end();
  }
  return tally;
}
