import { createHash, type Hash } from 'node:crypto';
import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { PaxTarReader, type PaxEvent } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';

/** Holes beyond this are not hashed as zeros: nobody waits for a terabyte of nothing. */
const MAX_HOLES_BYTES = 1024 * 1024 * 1024;
const ZEROS = Buffer.alloc(65_536);

/** Is shown the content of one file as it goes by. Must not throw and must not keep the bytes. A returned promise holds the stream back. */
export interface ContentObserver {
  data(offset: number, bytes: Buffer): void | Promise<void>;
  end(entry: PaxEntry): void | Promise<void>;
}

export interface TakenFile {
  /** Of the content, holes as zeros; `null` for links and for files whose holes are too large. */
  readonly sha256: string | null;
  readonly sizeBytes: number;
  /** Names of extended attributes, Latin-1. */
  readonly xattrs: readonly string[];
}

class FileDigest {
  readonly #hash: Hash = createHash('sha256');
  readonly #isHashed: boolean;
  #position = 0;

  constructor(entry: PaxEntry) {
    this.#isHashed = entry.type === 'file' && entry.sizeBytes - entry.storedBytes <= MAX_HOLES_BYTES;
  }

  data(offset: number, bytes: Buffer): void {
    if (!this.#isHashed) return;
    this.#zerosUntil(offset);
    this.#hash.update(bytes);
    this.#position += bytes.length;
  }

  end(sizeBytes: number): string | null {
    if (!this.#isHashed) return null;
    this.#zerosUntil(sizeBytes);
    return this.#hash.digest('hex');
  }

  #zerosUntil(offset: number): void {
    while (this.#position < offset) {
      const zeros = ZEROS.subarray(0, Math.min(ZEROS.length, offset - this.#position));
      this.#hash.update(zeros);
      this.#position += zeros.length;
    }
  }
}

/** Reads the archive of the taken files as it goes by: digests, attributes, and what observers want of it. */
export class TarContents {
  /** By absolute path, Latin-1. */
  readonly taken = new Map<string, TakenFile>();
  /** Members that nobody asked for: the far side is not what it should be. */
  unasked = 0;
  /** Why the rest was not read: the bytes are no archive. The raw stream is kept all the same. */
  problem: string | null = null;
  readonly #reader = new PaxTarReader();
  readonly #isAsked: (path: string) => boolean;
  readonly #observe: (path: string, entry: PaxEntry) => ContentObserver | null;
  #digest: FileDigest | null = null;
  #observer: ContentObserver | null = null;

  constructor(
    isAsked: (path: string) => boolean,
    observe: (path: string, entry: PaxEntry) => ContentObserver | null = () => null,
  ) {
    this.#isAsked = isAsked;
    this.#observe = observe;
  }

  async feed(chunk: Buffer): Promise<void> {
    if (this.problem !== null) return;
    try {
      for (const event of this.#reader.feed(chunk)) await this.#take(event);
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.problem = error.message;
    }
  }

  /** After the last byte. */
  end(): void {
    if (this.problem !== null) return;
    try {
      this.#reader.end();
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.problem = error.message;
    }
  }

  async #take(event: PaxEvent): Promise<void> {
    const { entry } = event;
    if (event.kind === 'entry') {
      const path = `/${entry.name.toString('latin1')}`;
      const isAsked = this.#isAsked(path) && !this.taken.has(path);
      if (!isAsked) this.unasked += 1;
      this.#digest = isAsked ? new FileDigest(entry) : null;
      this.#observer = isAsked && entry.type === 'file' ? this.#observe(path, entry) : null;
    } else if (event.kind === 'data') {
      this.#digest?.data(event.offset, event.bytes);
      await this.#observer?.data(event.offset, event.bytes);
    } else if (this.#digest !== null) {
      await this.#observer?.end(entry);
      this.taken.set(`/${entry.name.toString('latin1')}`, {
        sha256: this.#digest.end(entry.sizeBytes),
        sizeBytes: entry.sizeBytes,
        xattrs: [...entry.xattrs.keys()].toSorted(),
      });
    }
  }
}
