import { bytesOf } from '../../lib/bytes.js';

const CHUNK_BYTES = 1024 * 1024;
const FIELDS = 4;
const DECODER = new TextDecoder();

export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** The archive has more in it than a page may hold in memory: no verdict, and no reproach. */
export class TooMuchForThisPage extends Error {
  constructor() {
    super('the archive has more files or records than this page can hold in memory; use the program exhibit');
  }
}

export interface TableLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What all tables together may hold. */
export class TableBudget {
  #entries = 0;
  #bytes = 0;
  readonly #maxEntries: number;
  readonly #maxBytes: number;

  constructor(limits: TableLimits) {
    this.#maxEntries = limits.maxEntries;
    this.#maxBytes = limits.maxBytes;
  }

  spend(sizeBytes: number): void {
    this.#entries += 1;
    this.#bytes += sizeBytes;
    if (this.#entries > this.#maxEntries || this.#bytes > this.#maxBytes) throw new TooMuchForThisPage();
  }
}

/**
 * Pairs of text, in the order of their arrival or bytewise by key (UTF-8, equal keys in the order of their arrival). Outside the heap of
 * the script: millions of small strings would keep the collector busy. Throws `TooMuchForThisPage`.
 */
export class EntryTable {
  readonly #budget: TableBudget;
  readonly #chunks: Uint8Array[] = [];
  #filled = 0;
  /** Chunk, offset, bytes of the key, bytes of the value. */
  #index = new Uint32Array(FIELDS * 1024);
  #count = 0;
  #isSorted = true;

  constructor(budget: TableBudget) {
    this.#budget = budget;
  }

  get count(): number {
    return this.#count;
  }

  add(key: string, value: string): void {
    const [keyBytes, valueBytes] = [bytesOf(key), bytesOf(value)];
    const sizeBytes = keyBytes.length + valueBytes.length;
    this.#budget.spend(sizeBytes);
    const chunk = this.#chunkFor(sizeBytes);
    chunk.set(keyBytes, this.#filled);
    chunk.set(valueBytes, this.#filled + keyBytes.length);
    this.#place(keyBytes.length, valueBytes.length);
    this.#filled += sizeBytes;
    this.#isSorted &&= this.#count < 2 || this.#compare(this.#count - 2, this.#count - 1) <= 0;
  }

  /** Entry `number`, counted from 0 in the order of arrival; `null` after the last. */
  at(number: number): Entry | null {
    if (number >= this.#count) return null;
    const [chunk, offset, keyBytes, valueBytes] = this.#fieldsOf(number);
    const bytes = this.#chunks[chunk] ?? new Uint8Array(0);
    const valueAt = offset + keyBytes;
    return {
      key: DECODER.decode(bytes.subarray(offset, valueAt)),
      value: DECODER.decode(bytes.subarray(valueAt, valueAt + valueBytes)),
    };
  }

  *sorted(): Generator<Entry, void, undefined> {
    const order = new Uint32Array(this.#count).map((_, index) => index);
    if (!this.#isSorted) order.sort((a, b) => this.#compare(a, b));
    for (const number of order) {
      const entry = this.at(number);
      if (entry !== null) yield entry;
    }
  }

  #chunkFor(sizeBytes: number): Uint8Array {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#filled + sizeBytes <= last.length) return last;
    const chunk = new Uint8Array(Math.max(CHUNK_BYTES, sizeBytes));
    this.#chunks.push(chunk);
    this.#filled = 0;
    return chunk;
  }

  #place(keyBytes: number, valueBytes: number): void {
    const at = FIELDS * this.#count;
    if (at === this.#index.length) {
      const grown = new Uint32Array(2 * at);
      grown.set(this.#index);
      this.#index = grown;
    }
    this.#index.set([this.#chunks.length - 1, this.#filled, keyBytes, valueBytes], at);
    this.#count += 1;
  }

  #fieldsOf(number: number): [chunk: number, offset: number, keyBytes: number, valueBytes: number] {
    const [chunk = 0, offset = 0, keyBytes = 0, valueBytes = 0] = this.#index.subarray(
      FIELDS * number,
      FIELDS * number + FIELDS,
    );
    return [chunk, offset, keyBytes, valueBytes];
  }

  #compare(a: number, b: number): number {
    const [aChunk, aAt, aBytes] = this.#fieldsOf(a);
    const [bChunk, bAt, bBytes] = this.#fieldsOf(b);
    const [left, right] = [this.#chunks[aChunk], this.#chunks[bChunk]];
    const shared = Math.min(aBytes, bBytes);
    for (let index = 0; index < shared; index += 1) {
      const difference = (left?.[aAt + index] ?? 0) - (right?.[bAt + index] ?? 0);
      if (difference !== 0) return difference;
    }
    return aBytes - bBytes;
  }
}
