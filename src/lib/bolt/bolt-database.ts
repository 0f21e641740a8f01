import { setImmediate as othersTurn } from 'node:timers/promises';
import type { RandomAccess } from '../random-access.js';
import { BoltBucket, type BoltEntry } from './bolt-bucket.js';
import type { BoltProblem } from './bolt-error.js';
import { readMetas, type BoltMetas } from './bolt-meta.js';
import { parseLeaf } from './bolt-page.js';
import { BoltPages } from './bolt-pages.js';

/** A leaf page that no bucket holds any more: what was deleted or replaced since. */
export interface CarvedPage {
  readonly pageId: number;
  /** Buckets that were inside the page are open; those that had pages of their own are left out. */
  readonly entries: readonly BoltEntry[];
}

/** Bytes that are read before others get their turn: some ten milliseconds of work. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Keys likewise: small ones cost more than the bytes they have. */
const TURN_KEYS = 20_000;

/**
 * A bbolt database (format version 2), read-only and without a lock, from anything that can be read at any place: containerd's
 * `meta.db` and `metadata.db`. What is damaged, or torn because the copy was made while the owner wrote, is left out and noted in
 * `problems`; the rest is read. Memory is bounded whatever the file says.
 */
export class BoltDatabase {
  readonly root: BoltBucket;
  readonly #metas: BoltMetas;
  readonly #pages: BoltPages;
  /** Bytes that had been read when others last had their turn. */
  #turnAt = 0;

  /** Throws NotBoltError when no meta page is whole. */
  constructor(source: RandomAccess) {
    this.#metas = readMetas(source);
    const { current, invalid } = this.#metas;
    this.#pages = new BoltPages(source, current);
    for (const pageId of invalid) this.#pages.lose(pageId, 'meta-invalid');
    this.root = new BoltBucket(this.#pages, { root: { pageId: current.rootPageId }, owner: 1, depth: 0 });
  }

  /** Which state of the database this is: the number of the last transaction that was written whole. */
  get transactionId(): number {
    return this.#metas.current.transactionId;
  }

  /** What could not be read until now, each page once. At most 1,000; `problemCount` has them all. */
  get problems(): readonly BoltProblem[] {
    return this.#pages.problems;
  }

  get problemCount(): number {
    return this.#pages.problemCount;
  }

  /** Reads every bucket. Returns how many keys and buckets there are. */
  walk(): { readonly keys: number; readonly buckets: number } {
    let keys = 0;
    let buckets = 0;
    for (const kind of this.#walked()) {
      if (kind === 'key') keys += 1;
      else buckets += 1;
    }
    return { keys, buckets };
  }

  /**
   * Leaf pages that no bucket holds: earlier states of pages, which bbolt frees and does not wipe. Walks the whole database first, so
   * that what it yields is in no bucket. A page may be of any earlier transaction, or lie inside what once was a large value. Lets the
   * event loop turn meanwhile, and throws what the signal was aborted with.
   */
  async *carve(signal?: AbortSignal): AsyncGenerator<CarvedPage> {
    await this.#claim(signal);
    const carvedBucket = new BoltBucket(this.#pages, { root: { inline: Buffer.alloc(0) }, owner: 1, depth: 0 });
    for (let pageId = 2; pageId < this.#pages.pageCount; pageId += 1) {
      if (this.#isTurn(0)) await this.#giveTurn(signal);
      if (this.#pages.isOwned(pageId)) {
        // What overflows from a page is data, not pages.
        pageId += this.#pages.overflowOf(pageId);
        continue;
      }
      const page = this.#pages.peekLeaf(pageId);
      const elements = page === null ? null : parseLeaf(page.bytes, page.header.count);
      const entries = elements?.flatMap((element) => carvedBucket.inlineEntry(element) ?? []) ?? [];
      if (entries.length > 0) yield { pageId, entries };
    }
  }

  /** Walks every bucket, so that the pages of each are known to be its own. */
  async #claim(signal?: AbortSignal): Promise<void> {
    let keys = 0;
    const walk = this.#walked();
    while (walk.next().done !== true) {
      keys += 1;
      if (!this.#isTurn(keys)) continue;
      keys = 0;
      await this.#giveTurn(signal);
    }
  }

  *#walked(): Generator<'key' | 'bucket'> {
    const stack = [this.root.entries()];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.next();
      if (next.done === true) stack.pop();
      else if (next.value.bucket === undefined) yield 'key';
      else {
        stack.push(next.value.bucket.entries());
        yield 'bucket';
      }
    }
  }

  #isTurn(keys: number): boolean {
    return keys >= TURN_KEYS || this.#pages.readBytes - this.#turnAt >= TURN_BYTES;
  }

  async #giveTurn(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await othersTurn();
    signal?.throwIfAborted();
    this.#turnAt = this.#pages.readBytes;
  }
}
