import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root } from './run.js';

const STAMP = join(root, 'node_modules/.exhibit-installed');
const read = (path) => readFileSync(join(root, path), 'utf8');

/** npm writes what it really installed into node_modules/.package-lock.json. */
function installedMatchesLock(lock) {
  const path = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, path))) return false;
  const installed = JSON.parse(read(path)).packages;
  return Object.entries(JSON.parse(lock).packages).every(
    ([name, wanted]) => name === '' || wanted.optional === true || installed[name]?.version === wanted.version,
  );
}

/** Installs exactly what the lockfile says, without install scripts, and only when that is not there already. */
export async function ensureInstalled() {
  const lock = read('package-lock.json');
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  if (!installedMatchesLock(lock)) {
    console.error('installing what package-lock.json names');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    await mustRun(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']);
  }
  writeFileSync(STAMP, wanted);
}
