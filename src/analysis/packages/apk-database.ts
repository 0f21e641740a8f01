import type { PackageDatabase } from './package-database.js';
import { textLines } from './text-lines.js';

/** `Q1` and the SHA-1 in base64, or `Q2` and the SHA-256. */
function digestOf(text: string): { digestName: 'sha1' | 'sha256'; digest: string } | null {
  const kind = text.slice(0, 2);
  const bytes = Buffer.from(text.slice(2), 'base64');
  if (kind === 'Q1' && bytes.length === 20) return { digestName: 'sha1', digest: bytes.toString('hex') };
  return kind === 'Q2' && bytes.length === 32 ? { digestName: 'sha256', digest: bytes.toString('hex') } : null;
}

/** apk itself keeps what is below /etc when it was changed. */
const CONFIGURATION = /^etc(?:\/|$)/;

/**
 * Adds the files of `/lib/apk/db/installed`: `P:` a package, `V:` its version, `F:` a folder, `R:` a file in it, `Z:` its digest. Of a
 * link it has the digest of the target's name, which no content of a file is compared with. Latin-1.
 */
export function addApkFiles(database: PackageDatabase, text: string): void {
  let packageName = '';
  let version = '';
  let folder = '';
  let file: string | null = null;
  for (const line of textLines(text)) {
    const value = line.slice(2);
    if (line === '') [packageName, version, folder, file] = ['', '', '', null];
    else if (line.startsWith('P:')) packageName = value;
    else if (line.startsWith('V:')) database.addVersion(packageName, (version = value));
    else if (line.startsWith('F:')) folder = value;
    else if (line.startsWith('R:')) file = value;
    else if (line.startsWith('Z:') && file !== null) {
      const found = digestOf(value);
      const path = folder === '' ? `/${file}` : `/${folder}/${file}`;
      const isConfiguration = CONFIGURATION.test(folder);
      if (found !== null) database.add(path, { package: packageName, version, isConfiguration, ...found });
      file = null;
    }
  }
}
