import { createHash, type Hash } from 'node:crypto';
import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';

const MAX_HASHED_BYTES = 256 * 1024 * 1024;

const hashOf = (algorithm: 'md5' | 'sha1'): Hash => createHash(algorithm);

/** Hashes files of a writable layer as its archive goes by, in the two digests that old databases of packages have. */
export class LayerDigests {
  /** By absolute path, Latin-1. */
  readonly byPath = new Map<string, { readonly md5: string; readonly sha1: string }>();
  readonly #reader = new PaxTarReader();
  readonly #isAsked: (path: string) => boolean;
  #hashing: { readonly path: string; readonly md5: Hash; readonly sha1: Hash } | null = null;
  #isBroken = false;

  constructor(isAsked: (path: string) => boolean) {
    this.#isAsked = isAsked;
  }

  /** After what is no archive nothing more is hashed. */
  write(bytes: Buffer): void {
    if (this.#isBroken) return;
    try {
      for (const event of this.#reader.feed(bytes)) {
        if (event.kind === 'entry') this.#begin(event.entry);
        else if (event.kind === 'end') this.#end();
        else {
          this.#hashing?.md5.update(event.bytes);
          this.#hashing?.sha1.update(event.bytes);
        }
      }
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.#isBroken = true;
    }
  }

  /** A file with holes is none that a package brought. */
  #begin({ type, name, sparse, sizeBytes }: PaxEntry): void {
    const path = layerPath(name.toString('latin1'));
    const isHashed = type === 'file' && sparse === null && sizeBytes <= MAX_HASHED_BYTES && this.#isAsked(path);
    this.#hashing = isHashed ? { path, md5: hashOf('md5'), sha1: hashOf('sha1') } : null;
  }

  #end(): void {
    if (this.#hashing === null) return;
    const { path, md5, sha1 } = this.#hashing;
    this.byPath.set(path, { md5: md5.digest('hex'), sha1: sha1.digest('hex') });
    this.#hashing = null;
  }
}

/** Of a member of `upper.tar`, absolute in the container. */
export function layerPath(name: string): string {
  return `/${name.replace(/^\.\//, '')}`;
}
