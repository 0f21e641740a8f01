import { readFile, realpath } from 'node:fs/promises';
import { type MountInfo, parseMountInfo } from '../lib/mount-info.js';

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`);
}

/** The mount that a path of this machine lies on: the last of the longest mount points above it; `null` where the kernel does not say. */
export async function mountOf(path: string): Promise<MountInfo | null> {
  const text = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const real = Buffer.from(await realpath(path)).toString('latin1');
  const above = text
    .split('\n')
    .map(parseMountInfo)
    .filter((mount) => mount !== null)
    .filter(({ mountPoint }) => isWithin(real, mountPoint));
  return above.reduce<MountInfo | null>(
    (best, mount) => (best === null || mount.mountPoint.length >= best.mountPoint.length ? mount : best),
    null,
  );
}

/** The mount, or the filesystem below it, refuses writes. */
export function isReadOnly({ options, superOptions }: MountInfo): boolean {
  return options.includes('ro') || superOptions.includes('ro');
}
