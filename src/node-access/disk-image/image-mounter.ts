import type { ImageFilesystem } from './filesystem-at.js';
import type { Partition } from './read-partitions.js';
import { runMount, versionOfMount } from './run-mount.js';

export interface Found extends Partition {
  readonly filesystem: ImageFilesystem;
}

/** A way to have the tree of an image at a folder so that no bit of the image changes. */
export interface ImageMounter {
  canMount(filesystem: ImageFilesystem): boolean;
  /** Returns how, for the record. Throws what `runMount` throws. */
  mount(path: string, part: Found, point: string): Promise<string>;
  /** Sees all names and contents whatever their modes, though it is not root. */
  readonly isFuse: boolean;
}

/** The loop device is read-only, and the journal, which holds what the node wrote last, is not replayed. */
const KERNEL_OPTIONS: Readonly<Partial<Record<ImageFilesystem, { readonly type: string; readonly options: string }>>> =
  {
    ext: { type: 'ext4', options: 'ro,noload' },
    xfs: { type: 'xfs', options: 'ro,norecovery,nouuid' },
  };
const ALWAYS = 'nosuid,nodev,noexec,noatime';

const byKernel: ImageMounter = {
  isFuse: false,
  canMount: (filesystem) => KERNEL_OPTIONS[filesystem] !== undefined,
  mount: async (path, { filesystem, offsetBytes, sizeBytes }, point) => {
    const { type, options } = KERNEL_OPTIONS[filesystem] ?? { type: 'auto', options: 'ro' };
    const place = `loop,offset=${String(offsetBytes)},sizelimit=${String(sizeBytes)}`;
    await runMount('mount', ['-t', type, '-o', `${options},${ALWAYS},${place}`, '--', path, point]);
    return `mount -t ${type} -o ${options},${ALWAYS},loop; ${await versionOfMount('mount')}`;
  },
};

/**
 * `norecovery` opens the image for reading alone and leaves the journal as it is; without it a journal that holds something is a refusal.
 * `fakeroot` shows what only root might read on the node: the image is the user's own file.
 */
const FUSE_OPTIONS = 'ro,norecovery,fakeroot';

const byFuse: ImageMounter = {
  isFuse: true,
  canMount: (filesystem) => filesystem === 'ext',
  mount: async (path, { offsetBytes }, point) => {
    const place = offsetBytes === 0 ? '' : `,offset=${String(offsetBytes)}`;
    await runMount('fuse2fs', ['-o', `${FUSE_OPTIONS}${place}`, path, point]);
    return `fuse2fs -o ${FUSE_OPTIONS}; ${await versionOfMount('fuse2fs')}`;
  },
};

/** The kernel's own filesystems for root; for anybody else a program that reads them, through FUSE. */
export function imageMounter(): ImageMounter {
  return process.getuid?.() === 0 ? byKernel : byFuse;
}
