import type { SparseSegment } from './sparse-map.js';
import { BLOCK_BYTES } from './tar-header.js';

const NANOSECONDS = 1_000_000_000n;
const NAME_BYTES = 100;
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

export type WrittenType =
  'file' | 'hard-link' | 'symbolic-link' | 'char-device' | 'block-device' | 'directory' | 'fifo';

const FLAGS: Readonly<Record<WrittenType, string>> = {
  'file': '0',
  'hard-link': '1',
  'symbolic-link': '2',
  'char-device': '3',
  'block-device': '4',
  'directory': '5',
  'fifo': '6',
};

export interface WrittenMember {
  readonly type: WrittenType;
  readonly name: Buffer;
  /** Empty where the type has none. */
  readonly linkName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the file, holes included; 0 for what has no content. */
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Names as Latin-1. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** Where the bytes that follow belong; `null` = not sparse. */
  readonly sparse: readonly SparseSegment[] | null;
}

/** Zeros up to the next block. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** The two blocks that end an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

/** `LENGTH KEYWORD=VALUE\n`, where the length counts its own digits. */
function record(keyword: string, value: Buffer | string): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`, 'latin1'), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

const isPlain = (bytes: Buffer): boolean => bytes.length <= NAME_BYTES && bytes.every((byte) => byte < 0x80);

function timeOf(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = (magnitude % NANOSECONDS).toString().padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${(magnitude / NANOSECONDS).toString()}${fraction === '' ? '' : `.${fraction}`}`;
}

const fitsSeconds = (ns: bigint): boolean =>
  ns >= 0n && ns % NANOSECONDS === 0n && ns / NANOSECONDS <= BigInt(MAX_OCTAL_11);

/** Names that a header cannot hold. Not marked as bytes (`hdrcharset`): GNU tar does not know the mark, and takes them as they are. */
function nameRecords({ name, linkName, sparse, sizeBytes }: WrittenMember): Buffer[] {
  return [
    ...(sparse === null && !isPlain(name) ? [record('path', name)] : []),
    ...(isPlain(linkName) ? [] : [record('linkpath', linkName)]),
    ...(sparse === null
      ? []
      : [
          record('GNU.sparse.major', '1'),
          record('GNU.sparse.minor', '0'),
          record('GNU.sparse.name', name),
          record('GNU.sparse.realsize', String(sizeBytes)),
        ]),
  ];
}

function recordsOf(member: WrittenMember, storedBytes: number): Buffer {
  const { uid, gid, mtimeNs, xattrs } = member;
  return Buffer.concat([
    ...nameRecords(member),
    ...(uid > MAX_OCTAL_7 ? [record('uid', String(uid))] : []),
    ...(gid > MAX_OCTAL_7 ? [record('gid', String(gid))] : []),
    ...(storedBytes > MAX_OCTAL_11 ? [record('size', String(storedBytes))] : []),
    ...(fitsSeconds(mtimeNs) ? [] : [record('mtime', timeOf(mtimeNs))]),
    ...[...xattrs].map(([name, value]) =>
      record(`SCHILY.xattr.${name.replaceAll('%', '%25').replaceAll('=', '%3D')}`, value),
    ),
  ]);
}

/** Digits and a NUL; 0 where a record says what does not fit. */
function octal(value: number, digits: number): string {
  const text = value.toString(8);
  return `${(text.length > digits ? '0' : text).padStart(digits, '0')}\0`;
}

function header(flag: string, member: WrittenMember, storedBytes: number): Buffer {
  const { name, linkName, mode, uid, gid, mtimeNs, deviceMajor, deviceMinor } = member;
  const block = Buffer.alloc(BLOCK_BYTES);
  name.copy(block, 0, 0, NAME_BYTES);
  const seconds = fitsSeconds(mtimeNs) ? Number(mtimeNs / NANOSECONDS) : 0;
  block.write(octal(mode & 0o7777, 7) + octal(uid, 7) + octal(gid, 7), NAME_BYTES, 'latin1');
  block.write(octal(storedBytes, 11) + octal(seconds, 11), 124, 'latin1');
  block.write(`        ${flag}`, 148, 'latin1');
  linkName.copy(block, 157, 0, NAME_BYTES);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(octal(deviceMajor, 7) + octal(deviceMinor, 7), 329, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A hole at the end is said by an empty segment there, as GNU tar does and needs. */
function sparseMap(segments: readonly SparseSegment[], sizeBytes: number): Buffer {
  const last = segments.at(-1);
  const isWhole = last !== undefined && last.offset + last.sizeBytes === sizeBytes;
  const all = isWhole ? segments : [...segments, { offset: sizeBytes, sizeBytes: 0 }];
  const numbers = all.flatMap((one) => [one.offset, one.sizeBytes]);
  const map = Buffer.from([all.length, ...numbers].map((number) => `${String(number)}\n`).join(''));
  return Buffer.concat([map, tarPadding(map.length)]);
}

/**
 * What stands before a member's stored bytes: an extended header where the plain one cannot say it all, the header, and the map of a
 * sparse file (GNU's format 1.0). Afterwards come the stored bytes and `tarPadding` of their number. Names are written as they are.
 */
export function tarMember(member: WrittenMember): Buffer {
  const { sparse, type } = member;
  const map = sparse === null ? Buffer.alloc(0) : sparseMap(sparse, member.sizeBytes);
  const content = sparse === null ? member.sizeBytes : sparse.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const storedBytes = type === 'file' ? map.length + content : 0;
  const records = recordsOf(member, storedBytes);
  const plain = sparse === null ? member : { ...member, name: Buffer.from('GNUSparseFile.0/member') };
  const own = header(FLAGS[type], plain, storedBytes);
  if (records.length === 0) return Buffer.concat([own, map]);
  const extension: WrittenMember = {
    type: 'file',
    name: Buffer.from('PaxHeaders/member'),
    linkName: Buffer.alloc(0),
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: records.length,
    mtimeNs: 0n,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    sparse: null,
  };
  return Buffer.concat([header('x', extension, records.length), records, tarPadding(records.length), own, map]);
}
