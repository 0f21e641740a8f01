import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './run.js';

const readPackage = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/** Where Node would find `name` for a module in `folder`: its own node_modules first, then those above. */
function resolveFrom(folder, name) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (!at.endsWith('node_modules') && existsSync(join(root, candidate, 'package.json'))) return candidate;
    if (at === '.') return undefined;
  }
}

/**
 * Folders of the packages that stay outside the bundle, with everything they need in turn, sorted.
 * Throws when one of them is not installed.
 */
export function runtimePackages(names) {
  const found = new Set();
  const visit = (from, name, optional) => {
    const folder = resolveFrom(from, name);
    if (folder === undefined && optional) return;
    if (folder === undefined) throw new Error(`${name} is not installed, and ${from} needs it`);
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = readPackage(folder);
    for (const next of Object.keys(dependencies)) visit(folder, next, next in optionalDependencies);
  };
  for (const name of names) visit('.', name, false);
  return [...found].sort();
}
