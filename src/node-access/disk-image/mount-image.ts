import { errnoOf, ExhibitError } from '../../model/errors.js';
import { filesystemAt } from './filesystem-at.js';
import { imageMounter, type Found, type ImageMounter } from './image-mounter.js';
import { newMountPoint, unmountImage, unmountLeftovers } from './image-mounts.js';
import { looksLikeRoot } from './looks-like-root.js';
import { openImageFile } from './open-image-file.js';
import { readPartitions } from './read-partitions.js';

export interface MountedImage {
  readonly root: string;
  /** A program of the user's own reads it: the image was opened for reading alone, whatever the mount's options say, and no mode denies. */
  readonly isFuse: boolean;
  /** How it was done, for the record. */
  readonly transport: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

function refused(path: string, reason: string, detail: string): ExhibitError {
  const journal = reason === 'image-needs-root' ? 'norecovery,nouuid' : 'noload';
  const hints = [
    `sudo mount -o ro,${journal},loop,nosuid,nodev,noexec ${path} /mnt`,
    'sudo exhibit collect --disk /mnt',
  ];
  return new ExhibitError('NODE_ACCESS_REFUSED', `${path}: ${detail}`, { subject: reason, hints });
}

function opened(path: string): ReturnType<typeof openImageFile> {
  try {
    return openImageFile(path);
  } catch (error) {
    throw refused(path, 'disk-missing', `cannot be opened (${errnoOf(error) ?? 'unknown error'})`);
  }
}

function filesystemsOf(path: string): readonly Found[] {
  const image = opened(path);
  try {
    const whole = { number: 0, offsetBytes: 0, sizeBytes: image.sizeBytes };
    const direct = filesystemAt(image, 0);
    const parts = direct === 'unknown' ? readPartitions(image) : [whole];
    return parts.map((part) => ({ ...part, filesystem: filesystemAt(image, part.offsetBytes) }));
  } finally {
    image.close();
  }
}

async function mounted(path: string, part: Found, mounter: ImageMounter): Promise<MountedImage> {
  const root = await newMountPoint();
  try {
    const by = await mounter.mount(path, part, root);
    return {
      root,
      isFuse: mounter.isFuse,
      transport: { image: path, partition: String(part.number), offset: String(part.offsetBytes), by },
      close: async () => {
        await unmountImage(root);
      },
    };
  } catch (error) {
    await unmountImage(root);
    throw error;
  }
}

/** Why none of an image's filesystems can be mounted. */
function noneUsable(path: string, found: readonly Found[], { isFuse }: ImageMounter): ExhibitError {
  const seen = found.map(({ number, filesystem }) => `${String(number)}: ${filesystem}`).join(', ');
  const what = seen === '' ? 'no partition' : seen;
  if (isFuse && found.some(({ filesystem }) => filesystem === 'xfs'))
    return refused(path, 'image-needs-root', `only root may mount xfs (${what}); without root ext2 to ext4 are read`);
  return refused(path, 'image-unsupported', `holds no ext2, ext3, ext4 or xfs filesystem (${what})`);
}

/** fuse2fs and the program that mounts for it are no part of most installations. */
function withoutTool(path: string, error: unknown): unknown {
  if (!(error instanceof ExhibitError) || error.subject !== 'image-tool-missing') return error;
  return new ExhibitError(
    'NODE_ACCESS_REFUSED',
    `${path}: without root an image is read by fuse2fs; ${error.message}`,
    {
      subject: 'image-tool-missing',
      hints: ['sudo apt-get install fuse2fs fuse3', `sudo exhibit collect --disk ${path}`],
      cause: error,
    },
  );
}

/**
 * Mounts the root filesystem of a raw disk image, read-only and without its journal, at a place of ours; what a run that died left
 * mounted is unmounted first. ext2 to ext4 and xfs as root; ext2 to ext4 as anybody else, by fuse2fs; alone in the file or in a partition
 * of an MBR or GPT. Throws `NODE_ACCESS_REFUSED`: `image-needs-root`, `image-tool-missing`, `image-unsupported`, `image-no-root`,
 * `image-mount-failed`.
 */
export async function mountImage(path: string): Promise<MountedImage> {
  await unmountLeftovers();
  const mounter = imageMounter();
  const found = filesystemsOf(path);
  const usable = found.filter(({ filesystem }) => mounter.canMount(filesystem));
  if (usable.length === 0) throw noneUsable(path, found, mounter);
  try {
    // The largest first: boot partitions have an operating system's name, too.
    for (const part of usable.toSorted((one, other) => other.sizeBytes - one.sizeBytes)) {
      const image = await mounted(path, part, mounter);
      if (usable.length === 1 || (await looksLikeRoot(image.root))) return image;
      await image.close();
    }
  } catch (error) {
    throw withoutTool(path, error);
  }
  throw refused(path, 'image-no-root', 'none of its filesystems is that of a node');
}
