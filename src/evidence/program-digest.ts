import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { errnoOf } from '../model/errors.js';
import { storageError } from '../custody/storage-error.js';
import { wholeFileSha256 } from './whole-file-sha256.js';

const FOLDERS = ['bin', 'dist', 'templates'];
const FILES = ['oclif.manifest.json', 'package-lock.json', 'package.json'];
const WHOLE_BYTES = 1024 * 1024;

export interface ProgramDigest {
  /** SHA-256 of the sorted `sha256  path` lines, each with a line feed. */
  readonly programDigest: string;
  readonly programFiles: number;
}

/** SHA-256 of a file; `null` when it does not exist. Small files, which nearly all are, are read in one go: a stream costs a millisecond. */
async function sha256OfFile(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > WHOLE_BYTES) return await wholeFileSha256(await open(path));
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, path);
  }
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}

/**
 * What ran: the installed package's files (`bin`, `dist`, `templates`, `package.json`, `oclif.manifest.json`), the lockfile where it
 * is there, and the node binary under the path `node`. Symbolic links are left out. The same can be computed with sha256sum:
 * docs/evidence-format.md tells how. Throws `STORAGE_FAILED`.
 */
export async function digestProgram(options: {
  readonly root: string;
  readonly nodeBinary: string;
}): Promise<ProgramDigest> {
  const { root, nodeBinary } = options;
  const paths = [...FILES];
  for (const folder of FOLDERS) paths.push(...(await filesBelow(root, folder)));
  const lines: { readonly path: string; readonly sha256: string }[] = [];
  for (const path of paths) {
    const sha256 = await sha256OfFile(join(root, path));
    if (sha256 !== null) lines.push({ path, sha256 });
  }
  const node = await sha256OfFile(nodeBinary);
  if (node !== null) lines.push({ path: 'node', sha256: node });
  lines.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const hash = createHash('sha256');
  for (const { path, sha256 } of lines) hash.update(`${sha256}  ${path}\n`);
  return { programDigest: hash.digest('hex'), programFiles: lines.length };
}
