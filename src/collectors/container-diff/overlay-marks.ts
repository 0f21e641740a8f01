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

/** In this order: an overlay in an overlay escapes its marks, and what is meant for the inner one is data for us. */
const PREFIXES = ['trusted.overlay.', 'user.overlay.', 'user.fuseoverlayfs.'] as const;

/** Whether an attribute is the filesystem's own and no part of the container. */
export function isOverlayMark(name: string): boolean {
  return PREFIXES.some((prefix) => name.startsWith(prefix));
}

interface Attributes {
  readonly xattrs: ReadonlyMap<string, Buffer>;
  readonly rdev: { readonly major: number; readonly minor: number } | null;
}

type Shape = Pick<ListedEntry, 'type' | 'sizeBytes'>;

function valueOf({ xattrs }: Attributes, name: string): string | null {
  const value = PREFIXES.map((prefix) => xattrs.get(prefix + name)).find((one) => one !== undefined);
  return value?.toString('latin1') ?? null;
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
