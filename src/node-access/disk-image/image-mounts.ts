import { constants } from 'node:fs';
import { access, lstat, mkdir, mkdtemp, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseMountInfo } from '../../lib/mount-info.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import { runMount } from './run-mount.js';

/** In a folder of `possibleFolders`; the number is the process that mounted it. */
const MOUNT_POINT = /^(.*)\/(\d{1,10})-[A-Za-z0-9]{6}$/;

/** Where the user's mount points may lie, the better place first. */
function possibleFolders(uid: number): readonly [string, ...string[]] {
  if (uid === 0) return ['/run/exhibit-disks'];
  return [`/run/user/${String(uid)}/exhibit-disks`, `/tmp/exhibit-disks-${String(uid)}`];
}

/** A folder that is ours alone: in memory where there is such a place. */
async function ownFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const [first, second = first] = possibleFolders(uid);
  const hasHome = await access(dirname(first), constants.W_OK).then(
    () => true,
    () => false,
  );
  const folder = hasHome ? first : second;
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  const stats = await lstat(folder);
  if (stats.isDirectory() && stats.uid === uid && (stats.mode & 0o022) === 0) return folder;
  throw new ExhibitError('NODE_ACCESS_REFUSED', `${folder}: is not a folder of ours alone`, {
    subject: 'image-mount-failed',
  });
}

/** A new place to mount an image at. It carries our process id, so that a later run can tell whose it was. Throws system errors. */
export async function newMountPoint(): Promise<string> {
  return await mkdtemp(join(await ownFolder(), `${String(process.pid)}-`));
}

/** The programs that end a mount: for root, and for anybody else, who may end their own through FUSE alone. */
async function unmount(mountPoint: string, isLazy: boolean): Promise<void> {
  if (process.getuid?.() === 0) await runMount('umount', [...(isLazy ? ['--lazy'] : []), mountPoint]);
  else await runMount('fusermount3', [isLazy ? '-uz' : '-u', mountPoint]);
}

/** Ends a mount of ours, at once for new users and in the end for those that still read. Never throws. */
export async function unmountImage(mountPoint: string): Promise<boolean> {
  const gone = await unmount(mountPoint, false)
    .catch(async () => {
      await unmount(mountPoint, true);
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
  } catch (error) {
    // Anything else says that it lives and is somebody else's.
    return errnoOf(error) !== 'ESRCH';
  }
}

/** Where runs of this user that died have left an image mounted: what others mounted only they may end. */
export async function leftMounts(): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const points = text.split('\n').flatMap((line) => parseMountInfo(line)?.mountPoint ?? []);
  const folders = possibleFolders(process.getuid?.() ?? 0);
  return points.filter((point) => {
    const [, folder, pid] = MOUNT_POINT.exec(point) ?? [];
    return folder !== undefined && pid !== undefined && folders.includes(folder) && !isAlive(Number(pid));
  });
}

/** Unmounts what runs that died have left mounted. Returns the mount points that it ended. */
export async function unmountLeftovers(): Promise<readonly string[]> {
  const ended: string[] = [];
  for (const point of await leftMounts()) if (await unmountImage(point)) ended.push(point);
  return ended;
}
