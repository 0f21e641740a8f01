import { execFile } from 'node:child_process';
import { ExhibitError } from '../../model/errors.js';

const TIMEOUT_MS = 60_000;
/** Nothing of the caller's environment reaches it. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Runs `mount` or `umount` of this machine. Throws `NODE_ACCESS_REFUSED`, reason `image-mount-failed`, with what it said. */
export async function runMount(program: 'mount' | 'umount', args: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile(program, args, { env: ENVIRONMENT, timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) {
        resolve();
        return;
      }
      const said = stderr.trim() === '' ? error.message : stderr.trim();
      reject(
        new ExhibitError('NODE_ACCESS_REFUSED', `${program}: ${said.slice(0, 500)}`, {
          subject: 'image-mount-failed',
          cause: error,
        }),
      );
    });
  });
}
