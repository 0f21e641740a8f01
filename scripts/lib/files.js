import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.js';

/** Regular files under `folder` of `base`, relative to `base`, with forward slashes, bytewise sorted. Links are not followed. */
export function filesUnder(folder, base = root) {
  if (!existsSync(join(base, folder))) return [];
  if (!statSync(join(base, folder)).isDirectory()) return [folder];
  return readdirSync(join(base, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(base.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

export const sha256Of = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** One digest over the names and contents of files. */
export function digestOfFiles(paths, base = root) {
  const lines = paths.map((path) => `${sha256Of(readFileSync(join(base, path)))}  ${path}\n`);
  return sha256Of(lines.join(''));
}
