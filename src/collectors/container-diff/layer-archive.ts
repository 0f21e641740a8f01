import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import type { PaxEvent } from '../../lib/pax-tar/pax-tar-reader.js';
import { tarMember, tarPadding, type WrittenMember, type WrittenType } from '../../lib/pax-tar/pax-tar-writer.js';
import { parentOf } from './base-layers.js';
import { markPrefixOf, overlayMarksOf, type MarkPrefix, type OverlayMarks } from './overlay-marks.js';
import { pathOfMember } from './upper-content.js';

/**
 * Why an entry of a writable layer is not in the layer's archive as it is. `name-marks-whiteout`: the form has no way to say a file of
 * such a name. `renamed`: the folder is there, what it shows of the image is not. `metacopy`: its content is in the image.
 */
export type LeftOutReason =
  | 'name-marks-whiteout'
  | 'name-too-long'
  | 'unsafe-name'
  | 'unknown-type'
  | 'metacopy'
  | 'renamed'
  | 'link-to-left-out';

export interface LayerLeftOut {
  /** Bytes as Latin-1. */
  readonly path: string;
  readonly reason: LeftOutReason;
}

const PREFIX = '.wh.';
const NO_ATTRIBUTES: ReadonlyMap<string, Buffer> = new Map();

const TYPES: Readonly<Partial<Record<PaxEntry['type'], WrittenType>>> = {
  'file': 'file',
  'hard-link': 'hard-link',
  'symbolic-link': 'symbolic-link',
  'char-device': 'char-device',
  'block-device': 'block-device',
  'directory': 'directory',
  'fifo': 'fifo',
};

const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1');

/** An empty file by whose name a layer says that something is gone. */
function mark(path: string, { mtimeNs }: PaxEntry): Buffer {
  return tarMember({
    type: 'file',
    name: bytesOf(path),
    linkName: Buffer.alloc(0),
    mode: 0,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeNs,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NO_ATTRIBUTES,
    sparse: null,
  });
}

function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Makes of the archive of a writable layer one in the form of image layers: a deletion is an empty file `.wh.NAME`, a replaced folder has
 * `.wh..wh..opq`, and the overlay's own attributes are gone. What the container itself named `.wh....` would be taken for a deletion: it
 * is left out, with all below it, and listed. Fed with the events of the archive, gives the bytes of the other, without its end.
 */
export class LayerArchive {
  readonly leftOut: LayerLeftOut[] = [];
  members = 0;
  readonly #own: MarkPrefix;
  readonly #missing = new Set<string>();
  readonly #whiteouts = new Set<string>();
  #isWritten = false;

  /** `userXattr`: the overlay was mounted so; otherwise marks in `user.*` are the container's own and mean nothing. */
  constructor({ userXattr }: { readonly userXattr: boolean }) {
    this.#own = markPrefixOf(userXattr);
  }

  *take(event: PaxEvent): Generator<Buffer> {
    if (event.kind === 'entry') yield* this.#begin(event.entry);
    else if (!this.#isWritten) return;
    else if (event.kind === 'data') yield event.bytes;
    else yield tarPadding(event.entry.type === 'file' ? event.entry.storedBytes : 0);
  }

  /** Paths that are remembered, by which memory is bounded. */
  get remembered(): number {
    return this.#missing.size + this.#whiteouts.size;
  }

  *#begin(entry: PaxEntry): Generator<Buffer> {
    this.#isWritten = false;
    const path = pathOfMember(entry.name);
    const marks = this.#marksOf(entry);
    if (path === '') {
      if (marks.opaque) yield* this.#mark(`${PREFIX}${PREFIX}.opq`, entry);
      return;
    }
    const linked = entry.type === 'hard-link' ? pathOfMember(entry.linkName) : '';
    const reason = reasonOf(path, entry, marks) ?? (this.#missing.has(linked) ? 'link-to-left-out' : null);
    if (reason !== null) {
      this.#missing.add(path);
      this.leftOut.push({ path, reason });
      return;
    }
    // All whiteouts of a layer are names of one device.
    if (marks.whiteout !== null || this.#whiteouts.has(linked)) {
      this.#whiteouts.add(path);
      yield* this.#mark(inFolder(parentOf(path), PREFIX + nameOf(path)), entry);
      return;
    }
    if (marks.redirect !== null) this.leftOut.push({ path, reason: 'renamed' });
    this.members += 1;
    this.#isWritten = true;
    yield tarMember(this.#memberOf(path, entry));
    if (marks.opaque) yield* this.#mark(inFolder(path, `${PREFIX}${PREFIX}.opq`), entry);
  }

  *#mark(path: string, entry: PaxEntry): Generator<Buffer> {
    this.members += 1;
    yield mark(path, entry);
  }

  #marksOf(entry: PaxEntry): OverlayMarks {
    const type = entry.type === 'directory' || entry.type === 'char-device' ? entry.type : 'file';
    const isEmptyFile = entry.type === 'file' && entry.sizeBytes === 0;
    const rdev = { major: entry.deviceMajor, minor: entry.deviceMinor };
    const marks = overlayMarksOf(
      { type, sizeBytes: isEmptyFile ? 0 : 1 },
      { xattrs: entry.xattrs, rdev, prefix: this.#own },
    );
    return { ...marks, metacopy: marks.metacopy && entry.type === 'file' };
  }

  #memberOf(path: string, entry: PaxEntry): WrittenMember {
    return {
      ...entry,
      type: TYPES[entry.type] ?? 'file',
      name: bytesOf(entry.type === 'directory' ? `${path}/` : path),
      linkName: entry.type === 'hard-link' ? bytesOf(pathOfMember(entry.linkName)) : entry.linkName,
      xattrs: new Map([...entry.xattrs].filter(([name]) => !name.startsWith(this.#own))),
    };
  }
}

function reasonOf(path: string, entry: PaxEntry, marks: OverlayMarks): LeftOutReason | null {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'unsafe-name';
  if (parts.some((part) => part.startsWith(PREFIX))) return 'name-marks-whiteout';
  if (TYPES[entry.type] === undefined) return 'unknown-type';
  // With the mark before it no filesystem could hold the name.
  if (marks.whiteout !== null && nameOf(path).length + PREFIX.length > 255) return 'name-too-long';
  return marks.metacopy ? 'metacopy' : null;
}
