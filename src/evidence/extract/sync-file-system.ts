import { execFile } from 'node:child_process';

/** Absolute, so that nobody's PATH decides what runs. */
const PROGRAMS = ['/usr/bin/sync', '/bin/sync'];
/** A file system that takes longer has other writers; then each file is waited for by itself. */
const LIMIT_MS = 10 * 60_000;

/**
 * Brings everything that was written to the file system of `folder` onto the disk at once, by syncfs(2), which Node.js does not have and
 * the program `sync` of coreutils calls: a hundred thousand small files take one wait instead of as many. `false` where that cannot be
 * done, so that the caller syncs each file.
 */
export async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  for (const program of PROGRAMS) if (await ended(program, ['--file-system', folder])) return true;
  return false;
}

async function ended(program: string, args: readonly string[]): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile(program, args, { env: {}, timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error) => {
      resolve(error === null);
    });
  });
}
