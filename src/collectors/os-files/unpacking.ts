import { createGunzip } from 'node:zlib';

/** What all compressed files of one artifact may hold together. */
const MAX_ARTIFACT_BYTES = 1024 * 1024 * 1024;
const CHUNK_BYTES = 65_536;

export interface UnpackLimits {
  readonly maxPackedBytes: number;
  readonly maxUnpackedBytes: number;
}

/** Unpacks the compressed files of one artifact within one budget: a small file may hold a thousand times its size. */
export class Unpacking {
  /** Files that were not unpacked to their end, since a bound was reached. */
  leftOut = 0;
  #bytesLeft: number;

  constructor(maxBytes = MAX_ARTIFACT_BYTES) {
    this.#bytesLeft = maxBytes;
  }

  /** Gathers the pieces of one file. */
  file(limits: UnpackLimits): PackedFile {
    return new PackedFile(limits, this);
  }

  /** Whether so many bytes may be unpacked. */
  spend(bytes: number): boolean {
    this.#bytesLeft -= bytes;
    return this.#bytesLeft >= 0;
  }
}

class PackedFile {
  readonly #limits: UnpackLimits;
  readonly #unpacking: Unpacking;
  #pieces: Buffer[] = [];
  #heldBytes = 0;

  constructor(limits: UnpackLimits, unpacking: Unpacking) {
    this.#limits = limits;
    this.#unpacking = unpacking;
  }

  /** Reads the bytes only during the call. */
  add(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= this.#limits.maxPackedBytes) this.#pieces.push(Buffer.from(bytes));
    else this.#pieces = [];
  }

  /**
   * Gives what is in the file in pieces, between which others have their turn. `false` = it is no gzip file, or a bound was reached: what was
   * given then is only a part.
   */
  async unpack(take: (bytes: Buffer) => void): Promise<boolean> {
    const { maxPackedBytes, maxUnpackedBytes } = this.#limits;
    if (this.#heldBytes > maxPackedBytes) return this.#leaveOut();
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    gunzip.end(Buffer.concat(this.#pieces));
    this.#pieces = [];
    let unpackedBytes = 0;
    try {
      for await (const bytes of gunzip as AsyncIterable<Buffer>) {
        unpackedBytes += bytes.length;
        if (unpackedBytes > maxUnpackedBytes || !this.#unpacking.spend(bytes.length)) return this.#leaveOut();
        take(bytes);
      }
      return true;
    } catch {
      return false;
    }
  }

  #leaveOut(): false {
    this.#unpacking.leftOut += 1;
    return false;
  }
}
