import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundleOf } from './bundle.js';
import { run } from './tools.js';
import { spawnSync } from 'node:child_process';

/** Bytes of log lines that payload files are cut from. The lines of each pool are no others'. */
function makePool(context, bytes) {
  const path = join(context.work, `pool-${bytes}`);
  const fd = openSync(path, 'w');
  try {
    const { status } = spawnSync(context.tools, ['lines', '-bytes', String(bytes)], {
      stdio: ['ignore', fd, 'inherit'],
    });
    if (status !== 0) throw new Error('the lines could not be made');
  } finally {
    closeSync(fd);
  }
  return path;
}

/** 8 files of 128 MiB, or N of 0.2 to 4 kB, or N that come to 2 GiB for 200,000 of them. */
export const LARGE = { kind: 'large', items: 8, sizeBytes: 2 ** 27 };
export const small = (items) => ({ kind: 'small', items, sizeBytes: 0 });
export const mixed = (items) => ({ kind: 'mixed', items, sizeBytes: 21_275 });

/**
 * An open exhibit of the given shape in an EXHIBIT_HOME with a key of its own; made once per run of the benchmarks.
 * Returns `{ home, caseId, exhibit }`, `exhibit` being the spool's folder.
 */
export function makeSpool(context, { kind, items, sizeBytes }) {
  context.spools ??= new Map();
  const key = `${kind}-${items}-${sizeBytes}`;
  const made = context.spools.get(key);
  if (made !== undefined) return made;
  context.say(`  making a spool: ${key}`);
  const home = join(context.work, `spool-${key}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const env = { ...process.env, EXHIBIT_HOME: home };
  run([...context.exhibit, 'key', 'new', '--json', '--no-input'], { env });
  const pool = makePool(context, kind === 'large' ? 2 ** 27 : 2 ** 25);
  const output = run(
    [process.execPath, bundleOf('make-spool'), join(home, 'cases'), kind, String(items), pool, String(sizeBytes)],
    { env },
  );
  rmSync(pool);
  const spool = { home, ...JSON.parse(output) };
  context.spools.set(key, spool);
  return spool;
}

/** Drops a spool that no later benchmark needs. */
export function dropSpool(context, { home }) {
  run(['rm', '-rf', home]);
  for (const [key, spool] of context.spools) if (spool.home === home) context.spools.delete(key);
}

/** A copy in which the payload is hard-linked and everything that a seal may write to is copied. */
export function copySpool(context, spool) {
  const home = join(context.work, 'sealing');
  run(['rm', '-rf', home]);
  const folder = join(home, spool.exhibit.slice(spool.home.length + 1));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  run(['cp', '-al', join(spool.exhibit, 'data'), folder]);
  copyAllBut(spool.exhibit, folder, 'data');
  copyAllBut(dirname(spool.exhibit), dirname(folder), basename(spool.exhibit));
  copyAllBut(spool.home, home, 'cases');
  copyAllBut(join(spool.home, 'cases'), join(home, 'cases'), spool.caseId);
  copyAllBut(join(spool.home, 'cases', spool.caseId), join(home, 'cases', spool.caseId), 'exhibits');
  return { ...spool, home, exhibit: folder };
}

function copyAllBut(from, to, except) {
  const names = readdirSync(from).filter((name) => name !== except);
  if (names.length > 0) run(['cp', '-a', ...names.map((name) => join(from, name)), to]);
}

/** Reads every payload file once, so that all contestants find a warm cache. */
export function warm(spool) {
  run(['bash', '-c', 'find "$0/data" -type f -print0 | xargs -0 cat > /dev/null', spool.exhibit]);
}

export function archiveOf(home, caseId) {
  const folder = join(home, 'cases', caseId, 'sealed');
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tar.gz'));
  if (name === undefined) throw new Error(`nothing was sealed in ${folder}`);
  return join(folder, name);
}
