import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const benchDirectory = resolve(import.meta.dirname, '..');
export const projectDirectory = resolve(benchDirectory, '../..');
export const resultsDirectory = join(benchDirectory, 'results');

/** Runs a program to its end; throws with its words when it fails. Never measured. */
export function run(argv, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(argv[0], argv.slice(1), {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${(stderr ?? '').slice(-2000)}`);
  return stdout ?? '';
}

/** Builds the Go tools where a source changed (Go's own cache decides). Returns the path of the binary. */
export function buildTools() {
  mkdirSync(resultsDirectory, { recursive: true });
  const binary = join(resultsDirectory, 'bench-tools');
  run(['go', 'build', '-trimpath', '-o', binary, '.'], { cwd: join(benchDirectory, 'server') });
  return binary;
}

/** The kubectl that the lab built, else the one on the path. */
export function findKubectl() {
  const cache =
    process.env.EXHIBIT_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'exhibit-lab');
  const pins = readFileSync(join(projectDirectory, 'test/lab/binaries/go.mod'), 'utf8');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(pins)?.[1] ?? 'unknown';
  const built = join(cache, `kubernetes-${version}`, 'kubectl');
  return existsSync(built) ? built : 'kubectl';
}

/** The first line that a program says of its version; `null` where it is not there. */
export function versionOf(argv) {
  const { status, stdout, stderr } = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' });
  return status === 0 ? (`${stdout}${stderr}`.split('\n')[0] ?? '').trim() : null;
}
