import type { RandomAccess } from '../random-access.js';
import { NotBoltError } from './bolt-error.js';

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const META_FLAG = 0x04;
/** Bytes of a meta page that its checksum covers, after the page's header. */
const CHECKED_BYTES = 56;
const PAGE_HEADER_BYTES = 16;
/** What the second meta page is looked for at when the first is damaged: the page sizes of the systems that there are. */
const PAGE_SIZES = [4096, 16_384, 65_536, 8192, 32_768, 1024, 2048] as const;

export interface BoltMeta {
  readonly pageSizeBytes: number;
  readonly rootPageId: number;
  /** `null` where the list of free pages is not kept in the file. */
  readonly freelistPageId: number | null;
  /** Page ids are below it. */
  readonly highWaterPageId: number;
  /** Number of the transaction that wrote it: which state of the database this is. */
  readonly transactionId: number;
}

export interface BoltMetas {
  /** The valid one of the later transaction. */
  readonly current: BoltMeta;
  /** Numbers (0, 1) of meta pages that are not whole. */
  readonly invalid: readonly number[];
}

function fnv1a64(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

function safeInteger(value: bigint): number | null {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
}

function parseMeta(page: Buffer): BoltMeta | null {
  const meta = page.subarray(PAGE_HEADER_BYTES);
  if (meta.length < CHECKED_BYTES + 8 || (page.readUInt16LE(8) & META_FLAG) === 0) return null;
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return null;
  if (meta.readBigUInt64LE(CHECKED_BYTES) !== fnv1a64(meta.subarray(0, CHECKED_BYTES))) return null;
  const pageSizeBytes = meta.readUInt32LE(8);
  const rootPageId = safeInteger(meta.readBigUInt64LE(16));
  const freelistPageId = safeInteger(meta.readBigUInt64LE(32));
  const highWaterPageId = safeInteger(meta.readBigUInt64LE(40));
  const transactionId = safeInteger(meta.readBigUInt64LE(48));
  if (!(PAGE_SIZES as readonly number[]).includes(pageSizeBytes)) return null;
  if (rootPageId === null || highWaterPageId === null || transactionId === null) return null;
  return { pageSizeBytes, rootPageId, freelistPageId, highWaterPageId, transactionId };
}

function metaAt(source: RandomAccess, offset: number): BoltMeta | null {
  return parseMeta(source.read(offset, PAGE_HEADER_BYTES + CHECKED_BYTES + 8));
}

/**
 * Reads both meta pages of a bbolt database (format version 2). A copy of a live database may have one of them torn.
 * Throws NotBoltError when none is whole.
 */
export function readMetas(source: RandomAccess): BoltMetas {
  const first = metaAt(source, 0);
  const sizes = first === null ? PAGE_SIZES : [first.pageSizeBytes];
  for (const pageSizeBytes of sizes) {
    const second = metaAt(source, pageSizeBytes);
    if (second?.pageSizeBytes !== pageSizeBytes) continue;
    if (first === null) return { current: second, invalid: [0] };
    return { current: second.transactionId > first.transactionId ? second : first, invalid: [] };
  }
  if (first !== null) return { current: first, invalid: [1] };
  throw new NotBoltError('none of the two meta pages of a bolt database is whole');
}
