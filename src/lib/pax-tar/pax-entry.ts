import { nanoseconds, decimal, type PaxRecords } from './pax-records.js';
import type { SparseSegment } from './sparse-map.js';
import type { TarHeader } from './tar-header.js';

export type PaxEntryType =
  'file' | 'hard-link' | 'symbolic-link' | 'char-device' | 'block-device' | 'directory' | 'fifo' | 'other';

/** One member of an archive. Names, link targets and attribute values are the bytes of the archive and as hostile as it is. */
export interface PaxEntry {
  readonly type: PaxEntryType;
  readonly typeFlag: string;
  readonly name: Buffer;
  readonly linkName: Buffer;
  /** Permission and set-id bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the file, holes included; 0 for what has no content. */
  readonly sizeBytes: number;
  /** That follow in the archive: less than `sizeBytes` in a sparse file. */
  readonly storedBytes: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint | null;
  readonly ctimeNs: bigint | null;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** By name, as Latin-1. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Where the stored bytes belong; `null` = not sparse. */
  readonly sparse: readonly SparseSegment[] | null;
  /** All extended records that applied, a later one having replaced an earlier one. */
  readonly records: ReadonlyMap<string, Buffer>;
  /** Of the first byte that is stored of its content, in the archive. */
  readonly contentAt: number;
}

const TYPES: Readonly<Record<string, PaxEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hard-link',
  '2': 'symbolic-link',
  '3': 'char-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  'S': 'file',
};

/** POSIX: a typeflag that is not known is to be treated as a regular file; we keep its bytes and say that we do not know it. */
export function entryTypeOf(header: TarHeader): PaxEntryType {
  const type = TYPES[header.typeFlag] ?? 'other';
  // Before POSIX a folder was a file whose name ends in a slash.
  return header.typeFlag === '\0' && header.name.at(-1) === 0x2f ? 'directory' : type;
}

const XATTR = 'SCHILY.xattr.';

/** GNU tar writes `=` and `%` of an attribute's name as `%3D` and `%25`. */
function xattrName(keyword: string): string {
  return keyword.slice(XATTR.length).replace(/%3D|%25/g, (code) => (code === '%3D' ? '=' : '%'));
}

/** Long names of GNU's own format, from the members before this one. */
export interface GnuNames {
  readonly name: Buffer | null;
  readonly linkName: Buffer | null;
}

/** Bytes that follow the header in the archive, which a record may say better than the header. */
export function storedBytesOf(header: TarHeader, records: PaxRecords): number {
  const size = records.findLast(([keyword]) => keyword === 'size')?.[1];
  return size === undefined ? header.sizeBytes : decimal(size, 'size');
}

/** A member as its header and records describe it, without a sparse map. Throws `TarFormatError`. */
export function entryOf(header: TarHeader, list: PaxRecords, gnu: GnuNames): Omit<PaxEntry, 'contentAt'> {
  const records = new Map(list);
  const xattrs = new Map<string, Buffer>();
  for (const [keyword, value] of records) if (keyword.startsWith(XATTR)) xattrs.set(xattrName(keyword), value);
  const number = (keyword: string, otherwise: number): number => {
    const value = records.get(keyword);
    return value === undefined ? otherwise : decimal(value, keyword);
  };
  const time = (keyword: string): bigint | null => {
    const value = records.get(keyword);
    return value === undefined ? null : nanoseconds(value, keyword);
  };
  const storedBytes = storedBytesOf(header, list);
  return {
    type: entryTypeOf(header),
    typeFlag: header.typeFlag,
    name: records.get('GNU.sparse.name') ?? records.get('path') ?? gnu.name ?? header.name,
    linkName: records.get('linkpath') ?? gnu.linkName ?? header.linkName,
    mode: header.mode & 0o7777,
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    sizeBytes: storedBytes,
    storedBytes,
    mtimeNs: time('mtime') ?? BigInt(header.mtimeSeconds) * 1_000_000_000n,
    atimeNs: time('atime'),
    ctimeNs: time('ctime'),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    xattrs,
    sparse: null,
    records,
  };
}
