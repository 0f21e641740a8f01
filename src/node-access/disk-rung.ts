import { lstat, realpath } from 'node:fs/promises';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { NodeAccess, NodeAccessRung } from '../ports/node-access.js';
import type { MountedImage } from './disk-image/mount-image.js';
import { openDisk, type LocalOptions } from './local.js';
import { refuseOtherMachine } from './refuse-other-machine.js';

function refused(path: string, reason: string, detail: string): ExhibitError {
  return new ExhibitError('NODE_ACCESS_REFUSED', `${path}: ${detail}`, { subject: reason });
}

/**
 * The folder that a disk is mounted at, without links; an image file is mounted first, and unmounted by `close`. Throws
 * `NODE_ACCESS_REFUSED`: `disk-missing`, `disk-not-mounted`, and what `mountImage` throws.
 */
async function mountedAt(path: string): Promise<MountedImage> {
  let image: string;
  try {
    const real = await realpath(path);
    const stats = await lstat(real);
    if (stats.isDirectory()) return { root: real, isFuse: false, transport: {}, close: () => Promise.resolve() };
    if (!stats.isFile()) throw refused(path, 'disk-not-mounted', 'is neither a folder nor an image file');
    image = real;
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw refused(path, 'disk-missing', `cannot be opened (${errnoOf(error) ?? 'unknown error'})`);
  }
  const { mountImage } = await import('./disk-image/mount-image.js');
  return await mountImage(image);
}

/** What the probe says of any other user and mount, and what does not hold of an image that FUSE shows. */
const NOT_OF_FUSE: ReadonlySet<string> = new Set(['disk-writable', 'not-root']);

function withImage(access: NodeAccess, disk: MountedImage): NodeAccess {
  const degraded = access.facts.degraded.filter(({ reason }) => !disk.isFuse || !NOT_OF_FUSE.has(reason));
  return {
    facts: { ...access.facts, degraded, transport: { ...access.facts.transport, ...disk.transport } },
    run: async (command, consumer) => await access.run(command, consumer),
    close: async () => {
      await access.close();
      await disk.close();
    },
  };
}

/** A disk of a node, mounted at `path` on this machine, or a raw image of it in that file. On resume it must still be the disk that the run began with. */
export function diskRung(path: string, options: LocalOptions): NodeAccessRung {
  return {
    rung: 'disk',
    open: async (node, signal) => {
      const disk = await mountedAt(path);
      try {
        const access = await openDisk({ node: node.name, root: disk.root }, options, signal);
        if (node.machineId !== '') refuseOtherMachine(node, access.facts);
        return withImage(access, disk);
      } catch (error) {
        await disk.close();
        throw error;
      }
    },
  };
}
