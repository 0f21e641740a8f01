import { mkdir, mkdtemp, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseMountInfo } from '../../lib/mount-info.js';
import { runMount } from './run-mount.js';

/** On a machine of today in memory, and only root's. */
const FOLDER = '/run/exhibit-disks';
const MOUNT_POINT = /^\/run\/exhibit-disks\/(\d{1,10})-[A-Za-z0-9]{6}$/;

/** A new place to mount an image at. It carries our process id, so that a later run can tell whose it was. */
export async function newMountPoint(): Promise<string> {
  await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  return await mkdtemp(join(FOLDER, `${String(process.pid)}-`));
}

/** Ends a mount of ours, at once for new users and in the end for those that still read. Never throws. */
export async function unmountImage(mountPoint: string): Promise<boolean> {
  const gone = await runMount('umount', [mountPoint])
    .catch(async () => {
      await runMount('umount', ['--lazy', mountPoint]);
    })
    .then(() => true)
    .catch(() => false);
  await rmdir(mountPoint).catch(() => undefined);
  return gone;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Unmounts what runs that died have left mounted. Returns the mount points that it ended. */
export async function unmountLeftovers(): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const points = text.split('\n').flatMap((line) => parseMountInfo(line)?.mountPoint ?? []);
  const ended: string[] = [];
  for (const point of points) {
    const pid = MOUNT_POINT.exec(point)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    if (await unmountImage(point)) ended.push(point);
  }
  return ended;
}
