import { areSame, bytesOf, textOf } from '../../lib/bytes.js';

export const TAR_BLOCK_BYTES = 512;
const MAX_SIZE_BYTES = 0o77777777777;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const PREFIX_AT = 345;
const SIZE_AT = 124;
const MTIME_AT = 136;
const CHECKSUM_AT = 148;
const TYPE_AT = 156;

function field(header: Uint8Array, at: number, length: number): string {
  const bytes = header.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return textOf(end === -1 ? bytes : bytes.subarray(0, end));
}

function octalField(header: Uint8Array, at: number): number | null {
  const digits = textOf(header.subarray(at, at + 12));
  return /^[0-7]{11}\0$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** Index of the first slash that leaves a name of at most 100 bytes; 0 when the path is a name, -1 when it does not fit. */
function splitAt(path: string): number {
  if (path.length <= NAME_BYTES) return 0;
  const slash = path.indexOf('/', path.length - NAME_BYTES - 1);
  return slash > 0 && slash <= PREFIX_BYTES && slash < path.length - 1 ? slash : -1;
}

/** The one header that exhibit/1 has for a file; `null` when its path cannot be split into prefix and name. */
function headerOf(path: string, sizeBytes: number, mtimeSeconds: number): Uint8Array | null {
  const slash = splitAt(path);
  if (slash < 0 || sizeBytes > MAX_SIZE_BYTES) return null;
  const header = new Uint8Array(TAR_BLOCK_BYTES);
  const write = (text: string, at: number): void => {
    header.set(bytesOf(text), at);
  };
  write(slash === 0 ? path : path.slice(slash + 1), 0);
  write('0000444\0' + '0000000\0' + '0000000\0', NAME_BYTES);
  write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, SIZE_AT);
  write(`${mtimeSeconds.toString(8).padStart(11, '0')}\0`, MTIME_AT);
  write('        0', CHECKSUM_AT);
  write('ustar\x0000', 257);
  write('0000000\0' + '0000000\0', 329);
  write(path.slice(0, slash), PREFIX_AT);
  const sum = header.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, '0')}\0`, CHECKSUM_AT);
  return header;
}

/** What a header says. Untrusted until `isCanonical` holds. */
export interface HeaderClaim {
  /** Whole path. */
  readonly path: string;
  readonly sizeBytes: number | null;
  readonly mtimeSeconds: number | null;
  readonly type: string;
}

export function readHeader(header: Uint8Array): HeaderClaim {
  const name = field(header, 0, NAME_BYTES);
  return {
    path: header[PREFIX_AT] === 0 ? name : `${field(header, PREFIX_AT, PREFIX_BYTES)}/${name}`,
    sizeBytes: octalField(header, SIZE_AT),
    mtimeSeconds: octalField(header, MTIME_AT),
    type: String.fromCharCode(header[TYPE_AT] ?? 0),
  };
}

/** Whether the header is what exhibit/1 writes for that path, size and time: made again, and compared in all 512 bytes. */
export function isCanonical(header: Uint8Array, { path, sizeBytes }: HeaderClaim, mtimeSeconds: number): boolean {
  if (sizeBytes === null || !/^[\x20-\x7e]*$/.test(path)) return false;
  const remade = headerOf(path, sizeBytes, mtimeSeconds);
  return remade !== null && areSame(remade, header);
}
