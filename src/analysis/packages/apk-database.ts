import type { PackageDatabase } from './package-database.js';

/** `Q1` and the SHA-1 in base64, or `Q2` and the SHA-256. */
function digestOf(text: string): { digestName: 'sha1' | 'sha256'; digest: string } | null {
  const kind = text.slice(0, 2);
  const bytes = Buffer.from(text.slice(2), 'base64');
  if (kind === 'Q1' && bytes.length === 20) return { digestName: 'sha1', digest: bytes.toString('hex') };
  return kind === 'Q2' && bytes.length === 32 ? { digestName: 'sha256', digest: bytes.toString('hex') } : null;
}

/** Adds the files of `/lib/apk/db/installed`: `P:` a package, `F:` a folder, `R:` a file in it, `Z:` its digest. Latin-1. */
export function addApkFiles(database: PackageDatabase, text: string): void {
  let packageName = '';
  let folder = '';
  let file: string | null = null;
  for (const line of text.split('\n')) {
    const value = line.slice(2);
    if (line.startsWith('P:')) packageName = value;
    else if (line.startsWith('F:')) folder = value;
    else if (line.startsWith('R:')) file = value;
    else if (line.startsWith('Z:') && file !== null) {
      const found = digestOf(value);
      const path = folder === '' ? `/${file}` : `/${folder}/${file}`;
      if (found !== null) database.add(path, { package: packageName, ...found });
      file = null;
    }
  }
}
