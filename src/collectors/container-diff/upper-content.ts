import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import type { Sniff } from '../../model/diff-entry.js';
import { ContentScan } from './content-scan.js';
import { MAX_HELD_BYTES } from './folder-listing.js';

/** What the archive says of an entry that the listing does not. */
export interface ArchivedEntry {
  readonly xattrs: ReadonlyMap<string, Buffer>;
  readonly rdev: { readonly major: number; readonly minor: number } | null;
  readonly sha256: string | null;
  readonly sniff: Sniff | null;
  /** Of the first name of a hard link. */
  readonly hardLinkTo: string | null;
  readonly isSparseTooLarge: boolean;
}

/** Of what is in no archive. */
export const UNREAD: ArchivedEntry = {
  xattrs: new Map(),
  rdev: null,
  sha256: null,
  sniff: null,
  hardLinkTo: null,
  isSparseTooLarge: false,
};

/** Bytes of holes that are hashed as zeros, in one archive: whoever made them paid nothing for them. */
const MAX_HOLE_BYTES = 4 * 1024 * 1024 * 1024;
const ZEROS = Buffer.alloc(1_048_576);

/** The path of a member as the listing has it. */
export function pathOfMember(name: Buffer): string {
  return name.toString('latin1').replace(/^\.\//, '').replace(/\/$/, '').replace(/^\.$/, '');
}

/** Whoever owns a file gives it attributes, of 64 KiB each where the filesystem has room. */
function heldBytesOf({ name, linkName, xattrs }: PaxEntry): number {
  let sizeBytes = name.length + linkName.length;
  for (const [key, value] of xattrs) sizeBytes += key.length + value.length;
  return sizeBytes;
}

function isDevice({ type }: PaxEntry): boolean {
  return type === 'char-device' || type === 'block-device';
}

/** Reads an archive of a folder as it passes, and keeps of each entry what is needed to judge it. Never throws for what is in it. */
export class UpperContent {
  readonly entries = new Map<string, ArchivedEntry>();
  /** There is more than is held: what is not in `entries` may still be in the archive. */
  isTooMany = false;
  readonly #reader = new PaxTarReader();
  readonly #maxEntries: number;
  readonly #maxHeldBytes: number;
  #heldBytes = 0;
  #scan: ContentScan | null = null;
  #at = 0;
  #holeBytes = 0;
  #problem: string | null = null;

  constructor(maxEntries: number, maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxEntries = maxEntries;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** What was wrong with the archive, in plain words; `null` = nothing until now. */
  get problem(): string | null {
    return this.#problem;
  }

  feed(chunk: Buffer): void {
    if (this.#problem !== null) return;
    try {
      for (const event of this.#reader.feed(chunk)) {
        if (event.kind === 'entry') this.#begin(event.entry);
        else if (event.kind === 'data') this.#data(event.offset, event.bytes);
        else this.#finish(event.entry);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  end(): void {
    if (this.#problem !== null) return;
    try {
      this.#reader.end();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof TarFormatError)) throw error;
    this.#problem = error.message;
  }

  #begin(entry: PaxEntry): void {
    const holeBytes = entry.sizeBytes - entry.storedBytes;
    const isHashed = entry.type === 'file' && this.#holeBytes + holeBytes <= MAX_HOLE_BYTES;
    if (isHashed) this.#holeBytes += holeBytes;
    this.#scan = isHashed ? new ContentScan() : null;
    this.#at = 0;
  }

  #data(offset: number, bytes: Buffer): void {
    this.#zerosUntil(offset);
    this.#scan?.feed(bytes);
    this.#at = offset + bytes.length;
  }

  #zerosUntil(offset: number): void {
    if (this.#scan === null) return;
    for (; this.#at < offset; this.#at += Math.min(ZEROS.length, offset - this.#at))
      this.#scan.feed(ZEROS.subarray(0, Math.min(ZEROS.length, offset - this.#at)));
  }

  #finish(entry: PaxEntry): void {
    this.#zerosUntil(entry.sizeBytes);
    const scan = this.#scan;
    const sizeBytes = heldBytesOf(entry);
    if (this.entries.size >= this.#maxEntries || this.#heldBytes + sizeBytes > this.#maxHeldBytes) {
      this.isTooMany = true;
      return;
    }
    this.#heldBytes += sizeBytes;
    this.entries.set(pathOfMember(entry.name), {
      xattrs: entry.xattrs,
      rdev: isDevice(entry) ? { major: entry.deviceMajor, minor: entry.deviceMinor } : null,
      sha256: scan?.digest() ?? null,
      sniff: scan?.sniff() ?? null,
      hardLinkTo: entry.type === 'hard-link' ? pathOfMember(entry.linkName) : null,
      isSparseTooLarge: entry.type === 'file' && scan === null,
    });
  }
}
