import type { RandomAccess } from '../random-access.js';
import type { BoltProblem, BoltProblemReason } from './bolt-error.js';
import type { BoltMeta } from './bolt-meta.js';
import { leafReach, PAGE_HEADER_BYTES, parsePageHeader, type BoltPageHeader } from './bolt-page.js';

/** Bytes of one page with what overflows from it. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** What carving reads beyond single pages, in sizes of the file. */
const MAX_PEEKED_SIZES = 4;
/** Problems that are kept; the rest is counted. */
const MAX_PROBLEMS = 1000;
/** Pages whose owner is remembered: 256 GiB of pages of 4 KiB. */
const MAX_OWNED_PAGES = 2 ** 26;
const LOST = 0xffffffff;

export interface BoltPage {
  readonly header: BoltPageHeader;
  /** With its overflow pages. */
  readonly bytes: Buffer;
}

/**
 * Pages of one database by id; never more than one in memory. Which bucket each page belongs to is remembered, because a page that two
 * buckets hold, or one bucket twice, is damage, and would let a small file take for ever.
 */
export class BoltPages {
  readonly #source: RandomAccess;
  readonly #meta: BoltMeta;
  /** 0 = nobody's. */
  readonly #owners: Uint32Array;
  readonly #problems: BoltProblem[] = [];
  problemCount = 0;
  /** Of the source until now, whatever for. */
  readBytes = 0;
  #peekedBytes = 0;

  constructor(source: RandomAccess, meta: BoltMeta) {
    this.#source = source;
    this.#meta = meta;
    this.#owners = new Uint32Array(Math.min(this.pageCount, MAX_OWNED_PAGES));
  }

  /** Pages that are in the file, whole or not. */
  get pageCount(): number {
    return Math.ceil(this.#source.sizeBytes / this.#meta.pageSizeBytes);
  }

  get problems(): readonly BoltProblem[] {
    return this.#problems;
  }

  /** Notes a loss; a page that is lost is not read again for any bucket. */
  lose(pageId: number, reason: BoltProblemReason): null {
    if (this.#owners[pageId] === LOST) return null;
    if (reason !== 'page-read-twice' && pageId < this.#owners.length) this.#owners[pageId] = LOST;
    this.problemCount += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ pageId, reason });
    return null;
  }

  /** Notes that something inside a page is damaged while the page itself is good. */
  loseInside(pageId: number, reason: BoltProblemReason): void {
    this.problemCount += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ pageId, reason });
  }

  /** A page for the bucket with that number (from 1); `null` when it is lost or another's, which is noted. */
  page(pageId: number, owner: number): BoltPage | null {
    if (pageId < 2 || pageId >= this.#meta.highWaterPageId) return this.lose(pageId, 'missing-page');
    const before = this.#owners[pageId] ?? 0;
    if (before === LOST) return null;
    if (before !== 0 && before !== owner) return this.lose(pageId, 'page-read-twice');
    const read = this.#read(pageId);
    if ('lost' in read) return this.lose(pageId, read.lost);
    if (pageId < this.#owners.length) this.#owners[pageId] = owner;
    return read;
  }

  /** Whether a bucket holds the page. */
  isOwned(pageId: number): boolean {
    const owner = this.#owners[pageId] ?? 0;
    return owner !== 0 && owner !== LOST;
  }

  /**
   * A page for nobody, with as much of what it says overflows from it as its elements need. Overlapping pages of a made-up file could
   * ask for its size many times over: beyond `MAX_PEEKED_SIZES` of it no more is read, which is noted for each page that is left out.
   */
  peekLeaf(pageId: number): BoltPage | null {
    const { pageSizeBytes } = this.#meta;
    const first = this.#take(pageId * pageSizeBytes, pageSizeBytes);
    const header = parsePageHeader(first);
    if (header?.id !== pageId || header.type !== 'leaf') return null;
    const most = Math.min((header.overflow + 1) * pageSizeBytes, this.#source.sizeBytes - pageId * pageSizeBytes);
    let bytes = first;
    // The second time the whole table is there, and says how far its elements reach.
    for (let reading = 0; reading < 2; reading += 1) {
      const reach = leafReach(bytes, header.count);
      if (reach > most || reach > MAX_PAGE_BYTES) return null;
      if (reach <= bytes.length) break;
      this.#peekedBytes += reach;
      if (this.#peekedBytes > MAX_PEEKED_SIZES * this.#source.sizeBytes) {
        this.loseInside(pageId, 'too-large');
        return null;
      }
      bytes = this.#take(pageId * pageSizeBytes, reach);
    }
    return { header, bytes };
  }

  /** Pages that belong to an owned one, behind it. */
  overflowOf(pageId: number): number {
    const { pageSizeBytes } = this.#meta;
    return parsePageHeader(this.#take(pageId * pageSizeBytes, PAGE_HEADER_BYTES))?.overflow ?? 0;
  }

  #read(pageId: number): BoltPage | { readonly lost: BoltProblemReason } {
    const { pageSizeBytes } = this.#meta;
    const first = this.#take(pageId * pageSizeBytes, pageSizeBytes);
    const header = parsePageHeader(first);
    if (header === null) return { lost: 'missing-page' };
    if (header.id !== pageId) return { lost: 'wrong-page-id' };
    if (header.type === 'other') return { lost: 'wrong-page-type' };
    const lengthBytes = (header.overflow + 1) * pageSizeBytes;
    if (lengthBytes > MAX_PAGE_BYTES) return { lost: 'too-large' };
    const bytes = header.overflow === 0 ? first : this.#take(pageId * pageSizeBytes, lengthBytes);
    return bytes.length < lengthBytes ? { lost: 'missing-page' } : { header, bytes };
  }

  #take(offset: number, lengthBytes: number): Buffer {
    this.readBytes += lengthBytes;
    return this.#source.read(offset, lengthBytes);
  }
}
