import { ExhibitError } from '../../model/errors.js';
import { filesystemAt, type ImageFilesystem } from './filesystem-at.js';
import { newMountPoint, unmountImage, unmountLeftovers } from './image-mounts.js';
import { looksLikeRoot } from './looks-like-root.js';
import { openImageFile } from './open-image-file.js';
import { readPartitions, type Partition } from './read-partitions.js';
import { runMount } from './run-mount.js';

/**
 * How each filesystem is mounted so that nothing is written to the image: the loop device is read-only, and the journal, which holds
 * what the node wrote last, is not replayed.
 */
const MOUNTS = {
  ext: { type: 'ext4', options: 'ro,noload' },
  xfs: { type: 'xfs', options: 'ro,norecovery,nouuid' },
} as const;
const ALWAYS = 'nosuid,nodev,noexec,noatime';

interface Found extends Partition {
  readonly filesystem: ImageFilesystem;
}

export interface MountedImage {
  readonly root: string;
  /** How it was done, for the record. */
  readonly transport: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

function refused(path: string, reason: string, detail: string): ExhibitError {
  const hints = [`sudo mount -o ro,noload,loop,nosuid,nodev,noexec ${path} /mnt`, 'exhibit collect --disk /mnt'];
  return new ExhibitError('NODE_ACCESS_REFUSED', `${path}: ${detail}`, { subject: reason, hints });
}

function filesystemsOf(path: string): readonly Found[] {
  const image = openImageFile(path);
  try {
    const whole = { number: 0, offsetBytes: 0, sizeBytes: image.sizeBytes };
    const direct = filesystemAt(image, 0);
    const parts = direct === 'unknown' ? readPartitions(image) : [whole];
    return parts.map((part) => ({ ...part, filesystem: filesystemAt(image, part.offsetBytes) }));
  } finally {
    image.close();
  }
}

async function mounted(path: string, part: Found, { type, options }: (typeof MOUNTS)['ext' | 'xfs']): Promise<string> {
  const point = await newMountPoint();
  const place = `loop,offset=${String(part.offsetBytes)},sizelimit=${String(part.sizeBytes)}`;
  try {
    await runMount('mount', ['-t', type, '-o', `${options},${ALWAYS},${place}`, '--', path, point]);
    return point;
  } catch (error) {
    await unmountImage(point);
    throw error;
  }
}

function mountOptionsOf(filesystem: ImageFilesystem): (typeof MOUNTS)['ext' | 'xfs'] | null {
  return filesystem === 'ext' || filesystem === 'xfs' ? MOUNTS[filesystem] : null;
}

/**
 * Mounts the root filesystem of a raw disk image, read-only and without its journal, at a place of ours; what a run that died left
 * mounted is unmounted first. ext2 to ext4 and xfs, alone in the file or in a partition of an MBR or GPT.
 * Throws `NODE_ACCESS_REFUSED`: `image-needs-root`, `image-unsupported`, `image-no-root`, `image-mount-failed`.
 */
export async function mountImage(path: string): Promise<MountedImage> {
  if (process.getuid?.() !== 0) {
    throw refused(path, 'image-needs-root', 'only root may mount an image; mount it read-only and name the folder');
  }
  await unmountLeftovers();
  const found = filesystemsOf(path);
  const usable = found.filter(({ filesystem }) => mountOptionsOf(filesystem) !== null);
  if (usable.length === 0) {
    const seen = found.map(({ number, filesystem }) => `${String(number)}: ${filesystem}`).join(', ');
    throw refused(
      path,
      'image-unsupported',
      `holds no ext2, ext3, ext4 or xfs filesystem (${seen === '' ? 'no partition' : seen})`,
    );
  }
  // The largest first: boot partitions have an operating system's name, too.
  for (const part of usable.toSorted((one, other) => other.sizeBytes - one.sizeBytes)) {
    const how = mountOptionsOf(part.filesystem);
    if (how === null) continue;
    const root = await mounted(path, part, how);
    if (usable.length === 1 || (await looksLikeRoot(root))) return mountedImage(path, { part, how, root });
    await unmountImage(root);
  }
  throw refused(path, 'image-no-root', 'none of its filesystems is that of a node');
}

function mountedImage(
  path: string,
  { part, how, root }: { part: Found; how: (typeof MOUNTS)['ext' | 'xfs']; root: string },
): MountedImage {
  return {
    root,
    transport: {
      image: path,
      partition: String(part.number),
      offset: String(part.offsetBytes),
      by: `mount -t ${how.type} -o ${how.options},${ALWAYS},loop`,
    },
    close: async () => {
      await unmountImage(root);
    },
  };
}
