import { execFile } from 'node:child_process';
import { errnoOf, ExhibitError } from '../../model/errors.js';

const TIMEOUT_MS = 60_000;
/** Nothing of the caller's environment reaches it. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

type MountProgram = 'mount' | 'umount' | 'fuse2fs' | 'fusermount3';

async function run(program: MountProgram, args: readonly string[]): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    execFile(program, args, { env: ENVIRONMENT, timeout: TIMEOUT_MS, cwd: '/' }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(`${stdout}\n${stderr}`);
        return;
      }
      const said = stderr.trim() === '' ? error.message : stderr.trim();
      reject(
        new ExhibitError('NODE_ACCESS_REFUSED', `${program}: ${said.slice(0, 500)}`, {
          subject: errnoOf(error) === 'ENOENT' ? 'image-tool-missing' : 'image-mount-failed',
          cause: error,
        }),
      );
    });
  });
}

/**
 * Runs a program of this machine that mounts or unmounts. Throws `NODE_ACCESS_REFUSED` with what it said: `image-mount-failed`, or
 * `image-tool-missing` where there is no such program.
 */
export async function runMount(program: MountProgram, args: readonly string[]): Promise<void> {
  await run(program, args);
}

/** What such a program says of its own version, one line; '' = nothing. fuse2fs names its helpers, too. Never throws. */
export async function versionOfMount(program: MountProgram): Promise<string> {
  const text = await run(program, ['--version']).catch(() => '');
  const own = text.split('\n').find((line) => line.startsWith(`${program} `));
  return (own ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
