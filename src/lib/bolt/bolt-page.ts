/** Little-endian pages of bbolt: a header of 16 bytes, then elements whose positions count from the element itself. */
export const PAGE_HEADER_BYTES = 16;

const BRANCH_FLAG = 0x01;
const LEAF_FLAG = 0x02;
const ELEMENT_BYTES = 16;
const BUCKET_FLAG = 0x01;

export interface BoltPageHeader {
  readonly id: number;
  readonly type: 'branch' | 'leaf' | 'other';
  readonly count: number;
  /** Pages that follow and belong to this one. */
  readonly overflow: number;
}

export interface BranchElement {
  readonly key: Buffer;
  readonly pageId: number;
}

export interface LeafElement {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

/** `null` for fewer than 16 bytes, or an id that no file can have. */
export function parsePageHeader(bytes: Buffer): BoltPageHeader | null {
  if (bytes.length < PAGE_HEADER_BYTES) return null;
  const flags = bytes.readUInt16LE(8);
  const type = flags === BRANCH_FLAG ? 'branch' : flags === LEAF_FLAG ? 'leaf' : 'other';
  // Half of the id beyond 2^53 makes it a number that equals no place in a file.
  const id = bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * 2 ** 32;
  return { id, type, count: bytes.readUInt16LE(10), overflow: bytes.readUInt32LE(12) };
}

/**
 * The children of a branch page; `null` when an element reaches out of the page or into another: bbolt writes keys and values one after
 * the other, and bytes that stood for two elements would let a small page hold more than its size. The keys share the page's memory.
 */
export function parseBranch(page: Buffer, count: number): BranchElement[] | null {
  let free = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
  if (free > page.length) return null;
  const elements: BranchElement[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    const from = at + page.readUInt32LE(at);
    const to = from + page.readUInt32LE(at + 4);
    if (from < free || to > page.length) return null;
    free = to;
    const pageId = page.readUInt32LE(at + 8) + page.readUInt32LE(at + 12) * 2 ** 32;
    elements.push({ key: page.subarray(from, to), pageId });
  }
  return elements;
}

/** The entries of a leaf page, or of the page inside an inline bucket; `null` as for a branch. They share its memory. */
export function parseLeaf(page: Buffer, count: number): LeafElement[] | null {
  let free = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
  if (free > page.length) return null;
  const elements: LeafElement[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    const keyFrom = at + page.readUInt32LE(at + 4);
    const keyTo = keyFrom + page.readUInt32LE(at + 8);
    const valueTo = keyTo + page.readUInt32LE(at + 12);
    if (keyFrom < free || valueTo > page.length) return null;
    free = valueTo;
    elements.push({
      key: page.subarray(keyFrom, keyTo),
      value: page.subarray(keyTo, valueTo),
      isBucket: (page.readUInt32LE(at) & BUCKET_FLAG) !== 0,
    });
  }
  return elements;
}

/** Bytes that the elements of a leaf page need, by as much of their table as is in `page`; never less than the whole table. */
export function leafReach(page: Buffer, count: number): number {
  const tableEnd = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
  let reach = tableEnd;
  for (let at = PAGE_HEADER_BYTES; at + ELEMENT_BYTES <= Math.min(tableEnd, page.length); at += ELEMENT_BYTES) {
    const end = at + page.readUInt32LE(at + 4) + page.readUInt32LE(at + 8) + page.readUInt32LE(at + 12);
    if (end > reach) reach = end;
  }
  return reach;
}
