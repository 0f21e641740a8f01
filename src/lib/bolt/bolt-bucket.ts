import {
  PAGE_HEADER_BYTES,
  parseBranch,
  parseLeaf,
  parsePageHeader,
  type BranchElement,
  type LeafElement,
} from './bolt-page.js';
import type { BoltPage, BoltPages } from './bolt-pages.js';

/** Branch pages on the way to a leaf. Real databases have three or four. */
const MAX_TREE_DEPTH = 40;
/** Buckets in buckets. containerd has seven. */
const MAX_BUCKET_DEPTH = 24;
/** `{root u64, sequence u64}` before the page of an inline bucket. */
const BUCKET_HEADER_BYTES = 16;

export type BoltEntry =
  | { readonly key: Buffer; readonly value: Buffer; readonly bucket?: undefined }
  | { readonly key: Buffer; readonly bucket: BoltBucket; readonly value?: undefined };

type Root = { readonly pageId: number } | { readonly inline: Buffer };

export interface BucketPlace {
  readonly root: Root;
  /** From 1; the same for the same bucket, however often it is opened. */
  readonly owner: number;
  readonly depth: number;
}

interface Subtree {
  readonly pageId: number;
  readonly depth: number;
  /** No key of it is before this one. */
  readonly from: Buffer | null;
  /** Every key of it is before this one. */
  readonly before: Buffer | null;
}

/** A number that stands for a bucket by the names that lead to it. Two with the same are only checked less. */
function ownerOf(parent: number, key: Buffer): number {
  let hash = parent;
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193);
  return ((hash >>> 0) % 0xfffffffd) + 1;
}

/** Keys and buckets of one bucket, in the order of their bytes. Made by `BoltDatabase`. */
export class BoltBucket {
  readonly #pages: BoltPages;
  readonly #place: BucketPlace;

  constructor(pages: BoltPages, place: BucketPlace) {
    this.#pages = pages;
    this.#place = place;
  }

  /**
   * Entries one after the other; pages that are damaged are left out and noted in the database's `problems`. Keys and values share
   * memory with their page: copy what is kept.
   */
  *entries(): Generator<BoltEntry> {
    const { root } = this.#place;
    if ('inline' in root) {
      yield* this.#inlineEntries(root.inline);
      return;
    }
    const seen = new Set<number>();
    for (const element of this.#subtree({ pageId: root.pageId, depth: 0, from: null, before: null }, seen)) {
      const entry = this.#entry(element);
      if (entry === null) this.#pages.loseInside(root.pageId, 'bad-bucket');
      else yield entry;
    }
  }

  /** The bucket of that name. */
  bucket(name: string): BoltBucket | undefined {
    return this.#find(name)?.bucket;
  }

  /** The value of that key. */
  value(name: string): Buffer | undefined {
    return this.#find(name)?.value;
  }

  /** An element that needs no further page: a value, or a bucket inside it. */
  inlineEntry(element: LeafElement): BoltEntry | null {
    const entry = this.#entry(element);
    return entry?.bucket !== undefined && 'pageId' in entry.bucket.#place.root ? null : entry;
  }

  #find(name: string): BoltEntry | undefined {
    const wanted = Buffer.from(name);
    for (const entry of this.entries()) if (entry.key.equals(wanted)) return entry;
    return undefined;
  }

  *#inlineEntries(page: Buffer): Generator<BoltEntry> {
    const elements = inlineElements(page);
    if (elements === null) this.#pages.loseInside(0, 'bad-bucket');
    else for (const { key, value } of elements) yield { key, value };
  }

  #entry(element: LeafElement): BoltEntry | null {
    const { key, value } = element;
    if (!element.isBucket) return { key, value };
    const depth = this.#place.depth + 1;
    if (value.length < BUCKET_HEADER_BYTES || depth > MAX_BUCKET_DEPTH) return null;
    const pageId = value.readUInt32LE(0) + value.readUInt32LE(4) * 2 ** 32;
    const root = pageId === 0 ? { inline: value.subarray(BUCKET_HEADER_BYTES) } : { pageId };
    return { key, bucket: new BoltBucket(this.#pages, { root, owner: ownerOf(this.#place.owner, key), depth }) };
  }

  *#subtree(subtree: Subtree, seen: Set<number>): Generator<LeafElement> {
    const { pageId, depth } = subtree;
    if (seen.has(pageId) || depth > MAX_TREE_DEPTH) {
      this.#pages.loseInside(pageId, seen.has(pageId) ? 'page-read-twice' : 'too-deep');
      return;
    }
    const page = this.#pages.page(pageId, this.#place.owner);
    if (page === null) return;
    seen.add(pageId);
    if (page.header.type === 'leaf') {
      yield* this.#sound(subtree, parseLeaf(page.bytes, page.header.count)) ?? [];
      return;
    }
    for (const child of this.#children(subtree, page)) yield* this.#subtree(child, seen);
  }

  *#children(subtree: Subtree, { bytes, header }: BoltPage): Generator<Subtree> {
    const children: readonly BranchElement[] =
      this.#sound({ ...subtree, from: null }, parseBranch(bytes, header.count)) ?? [];
    const depth = subtree.depth + 1;
    for (const [index, { key, pageId }] of children.entries()) {
      // The first key of a page may have been deleted since its branch was written; the first child begins where its parent does.
      const from = index === 0 ? subtree.from : key;
      yield { pageId, depth, from, before: children[index + 1]?.key ?? subtree.before };
    }
  }

  /** The elements if they are whole, rise, and lie within their bounds. A page that a later transaction wrote over usually does not. */
  #sound<T extends { readonly key: Buffer }>({ pageId, from, before }: Subtree, elements: T[] | null): T[] | null {
    if (elements === null) return this.#pages.lose(pageId, 'bad-elements');
    let last: Buffer | null = null;
    for (const { key } of elements) {
      const rises = last === null ? from === null || key.compare(from) >= 0 : key.compare(last) > 0;
      if (!rises) return this.#pages.lose(pageId, 'out-of-order');
      last = key;
    }
    if (last !== null && before !== null && last.compare(before) >= 0) return this.#pages.lose(pageId, 'out-of-order');
    return elements;
  }
}

/** What an inline bucket holds: never buckets. `null` when it is damaged. */
function inlineElements(page: Buffer): LeafElement[] | null {
  const header = parsePageHeader(page);
  if (page.length < PAGE_HEADER_BYTES || header?.type !== 'leaf') return null;
  const elements = parseLeaf(page, header.count);
  return elements === null || elements.some(({ isBucket }) => isBucket) ? null : elements;
}
