import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

/** A filesystem with one of these is the node's root. */
const OF_A_ROOT = ['etc/os-release', 'usr/lib/os-release', 'etc/machine-id', 'etc/passwd', 'var/lib'];

/** Through folders alone: a link on the way leads out of the disk. */
async function isBelow(point: string, name: string): Promise<boolean> {
  const folders = name.split('/').slice(0, -1);
  try {
    for (const [index] of folders.entries()) {
      const stats = await lstat(join(point, ...folders.slice(0, index + 1)));
      if (!stats.isDirectory()) return false;
    }
    await lstat(join(point, name));
    return true;
  } catch {
    return false;
  }
}

/** Whether what is mounted at `point` is the root of an operating system, told by names that lie on it. */
export async function looksLikeRoot(point: string): Promise<boolean> {
  for (const name of OF_A_ROOT) if (await isBelow(point, name)) return true;
  return false;
}
