import type { Damage } from './damage.js';

const PAGE_HEADER_BYTES = 26;
const HASH_MAGIC = 0x061561;
const PAGE_OVERFLOW = 7;
/** Hash pages, unsorted as old ones are and sorted. */
const HASH_PAGES = new Set([2, 13]);
const KEY_DATA = 1;
const OFF_PAGE = 3;
const MIN_PAGE_BYTES = 512;
const MAX_PAGE_BYTES = 65_536;
/** Smaller values are the counter of the packages. */
const MIN_BLOB_BYTES = 8;

function isLittleEndian(file: Buffer): boolean | null {
  if (file.length < MIN_PAGE_BYTES) return null;
  if (file.readUInt32LE(12) === HASH_MAGIC) return true;
  return file.readUInt32BE(12) === HASH_MAGIC ? false : null;
}

export function isBdbHash(file: Buffer): boolean {
  return isLittleEndian(file) !== null;
}

class BdbReader {
  readonly #file: Buffer;
  readonly #damage: Damage;
  readonly #little: boolean;
  readonly #pageBytes: number;
  /** No page has content of two values: so time and memory are those of the file. */
  readonly #seen = new Set<number>();

  constructor(file: Buffer, damage: Damage) {
    this.#file = file;
    this.#damage = damage;
    this.#little = isLittleEndian(file) === true;
    this.#pageBytes = this.#u32(20);
  }

  *blobs(): Generator<Buffer> {
    const size = this.#pageBytes;
    const isEncrypted = this.#file[24] !== 0;
    if (isEncrypted || size < MIN_PAGE_BYTES || size > MAX_PAGE_BYTES || (size & (size - 1)) !== 0) {
      this.#damage.note();
      return;
    }
    for (let page = size; page + size <= this.#file.length; page += size)
      if (HASH_PAGES.has(this.#file[page + 25] ?? 0)) yield* this.#values(page);
  }

  /** Entries are key, value, key, value; each begins where its index says and ends where the one before began. */
  *#values(page: number): Generator<Buffer> {
    const entries = Math.min(this.#u16(page + 20), (this.#pageBytes - PAGE_HEADER_BYTES) / 2);
    // Entries do not overlap: a page has so many bytes and no more, whatever its index says.
    let leftBytes = this.#pageBytes;
    for (let entry = 1; entry < entries; entry += 2) {
      const from = this.#u16(page + PAGE_HEADER_BYTES + entry * 2);
      const to = this.#u16(page + PAGE_HEADER_BYTES + entry * 2 - 2);
      leftBytes -= Math.max(to - from, 0);
      if (from >= to || to > this.#pageBytes || leftBytes < 0) {
        this.#damage.note();
        continue;
      }
      const value = this.#value(this.#file.subarray(page + from, page + to));
      if (value === null) this.#damage.note();
      else if (value.length > MIN_BLOB_BYTES) yield value;
    }
  }

  #value(item: Buffer): Buffer | null {
    if (item[0] === KEY_DATA) return item.subarray(1);
    if (item[0] !== OFF_PAGE || item.length < 12) return null;
    const read = (at: number): number => (this.#little ? item.readUInt32LE(at) : item.readUInt32BE(at));
    return this.#overflow(read(4), read(8));
  }

  #overflow(firstPage: number, sizeBytes: number): Buffer | null {
    const pieces: Buffer[] = [];
    let missing = sizeBytes;
    for (let number = firstPage; missing > 0;) {
      const page = number * this.#pageBytes;
      const isUsable = number > 0 && page + this.#pageBytes <= this.#file.length && !this.#seen.has(number);
      if (!isUsable || this.#file[page + 25] !== PAGE_OVERFLOW) return null;
      this.#seen.add(number);
      const held = this.#u16(page + 22);
      if (held === 0 || held > Math.min(missing, this.#pageBytes - PAGE_HEADER_BYTES)) return null;
      pieces.push(this.#file.subarray(page + PAGE_HEADER_BYTES, page + PAGE_HEADER_BYTES + held));
      missing -= held;
      number = this.#u32(page + 16);
    }
    return Buffer.concat(pieces);
  }

  #u16(at: number): number {
    return this.#little ? this.#file.readUInt16LE(at) : this.#file.readUInt16BE(at);
  }

  #u32(at: number): number {
    return this.#little ? this.#file.readUInt32LE(at) : this.#file.readUInt32BE(at);
  }
}

/**
 * Headers in `Packages`, the hash of Berkeley DB that RHEL up to 8 and Amazon Linux 2 have, page by page: buckets are not followed, so
 * that a damaged page costs its own packages alone. What is damaged is left out and counted.
 */
export function* bdbBlobs(file: Buffer, damage: Damage): Generator<Buffer> {
  yield* new BdbReader(file, damage).blobs();
}
