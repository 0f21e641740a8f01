import type { ListedEntry } from './listing.js';

/** What the overlay filesystem noted on an entry of a layer. */
export interface OverlayMarks {
  /** `device` = character device 0/0, `attribute` = an empty file with the attribute. */
  readonly whiteout: 'device' | 'attribute' | null;
  /** Nothing of the layers below shows through this folder. */
  readonly opaque: boolean;
  /** The path in the layers below, absolute there or a name beside it, when the folder was renamed; Latin-1. */
  readonly redirect: string | null;
  /** Owner and mode alone were copied up; the content is in a layer below. */
  readonly metacopy: boolean;
}

/** Where a mount keeps its marks. The kernel lets nobody inside the mount write there; all other attributes are the container's own. */
export type MarkPrefix = 'trusted.overlay.' | 'user.overlay.';

/** `null` = not known, as a runtime's store says nothing of it: the prefix that no container can write is taken then. */
export function markPrefixOf(userXattr: boolean | null): MarkPrefix {
  return userXattr === true ? 'user.overlay.' : 'trusted.overlay.';
}

/**
 * Whether an attribute is the filesystem's own and no part of the container. What a container itself sets under that prefix, Linux 6.7 and
 * later keep as `PREFIXoverlay.NAME`; earlier ones refuse it.
 */
export function isOverlayMark(name: string, prefix: MarkPrefix): boolean {
  return name.startsWith(prefix) && !name.startsWith(`${prefix}overlay.`);
}

const FOREIGN =
  /^(?:user\.(?:overlay|fuseoverlayfs)\.(?:overlay\.)*|trusted\.overlay\.(?:overlay\.)+)(?:whiteout|opaque|redirect|metacopy)$/;

/** Whether there is a mark as other mounts have it, which this one does not heed: a container can set it on its files. */
export function hasForeignMark(xattrs: ReadonlyMap<string, Buffer>, prefix: MarkPrefix): boolean {
  return [...xattrs.keys()].some((name) => FOREIGN.test(name) && !isOverlayMark(name, prefix));
}

interface Attributes {
  readonly xattrs: ReadonlyMap<string, Buffer>;
  readonly rdev: { readonly major: number; readonly minor: number } | null;
  readonly prefix: MarkPrefix;
}

type Shape = Pick<ListedEntry, 'type' | 'sizeBytes'>;

function valueOf({ xattrs, prefix }: Attributes, name: string): string | null {
  return xattrs.get(prefix + name)?.toString('latin1') ?? null;
}

function whiteoutOf({ type, sizeBytes }: Shape, attributes: Attributes): OverlayMarks['whiteout'] {
  const { rdev } = attributes;
  if (type === 'char-device' && rdev?.major === 0 && rdev.minor === 0) return 'device';
  return type === 'file' && sizeBytes === 0 && valueOf(attributes, 'whiteout') !== null ? 'attribute' : null;
}

export function overlayMarksOf(entry: Shape, attributes: Attributes): OverlayMarks {
  return {
    whiteout: whiteoutOf(entry, attributes),
    opaque: entry.type === 'directory' && valueOf(attributes, 'opaque') === 'y',
    redirect: valueOf(attributes, 'redirect'),
    metacopy: entry.type === 'file' && valueOf(attributes, 'metacopy') !== null,
  };
}
