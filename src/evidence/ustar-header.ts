export const TAR_BLOCK_BYTES = 512;
/** Largest size that eleven octal digits hold. */
export const MAX_USTAR_SIZE_BYTES = 0o77777777777;

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const PREFIX_OFFSET = 345;
const SIZE_OFFSET = 124;
const MTIME_OFFSET = 136;
const CHECKSUM_OFFSET = 148;

export interface UstarEntry {
  /** Whole path, printable ASCII. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Writes one header; returns false, with the target in an undefined state, when the path does not split into prefix and name. */
export type HeaderEncoder = (entry: UstarEntry, target: Buffer, offset: number) => boolean;

/**
 * Where a path is cut: 0 = not at all; otherwise the index of the slash between prefix and name, the first one that leaves a name of at
 * most 100 bytes. -1 when there is none, or the prefix would be longer than 155 bytes.
 */
function splitAt(path: string): number {
  if (path.length <= NAME_BYTES) return 0;
  const slash = path.indexOf('/', path.length - NAME_BYTES - 1);
  return slash > 0 && slash <= PREFIX_BYTES && slash < path.length - 1 ? slash : -1;
}

/** Whether a path fits into prefix and name with `suffixBytes` more at its end. */
export function fitsUstar(path: string, suffixBytes: number): boolean {
  return splitAt(path + '0'.repeat(suffixBytes)) >= 0;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function headerTemplate(mtimeSeconds: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write('0000444\0' + '0000000\0' + '0000000\0', NAME_BYTES, 'latin1');
  header.write(`${octal(mtimeSeconds, 11)}\0`, MTIME_OFFSET, 'latin1');
  header.write('        0', CHECKSUM_OFFSET, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write('0000000\0' + '0000000\0', 329, 'latin1');
  return header;
}

function sum(bytes: Buffer, from: number, to: number): number {
  let total = 0;
  for (let index = from; index < to; index += 1) total += bytes[index] ?? 0;
  return total;
}

/**
 * Canonical ustar headers of regular files: mode 0444, uid and gid 0, no owner names, one mtime (whole seconds since the epoch) for all.
 * Path and size determine every byte, so a reader checks a header by making it again. Throws RangeError for an mtime that does not fit.
 */
export function createHeaderEncoder(mtimeSeconds: number): HeaderEncoder {
  if (!Number.isInteger(mtimeSeconds) || mtimeSeconds < 0 || mtimeSeconds > MAX_USTAR_SIZE_BYTES) {
    throw new RangeError('mtime does not fit into ustar');
  }
  const template = headerTemplate(mtimeSeconds);
  const templateSum = sum(template, 0, TAR_BLOCK_BYTES);
  return ({ path, sizeBytes }, target, offset) => {
    const slash = splitAt(path);
    if (slash < 0 || sizeBytes > MAX_USTAR_SIZE_BYTES) return false;
    template.copy(target, offset);
    const name = slash === 0 ? path : path.slice(slash + 1);
    target.write(name, offset, NAME_BYTES, 'latin1');
    if (slash > 0) target.write(path.slice(0, slash), offset + PREFIX_OFFSET, PREFIX_BYTES, 'latin1');
    target.write(octal(sizeBytes, 11), offset + SIZE_OFFSET, 11, 'latin1');
    const checksum =
      templateSum +
      sum(target, offset, offset + name.length) +
      sum(target, offset + SIZE_OFFSET, offset + SIZE_OFFSET + 11) +
      sum(target, offset + PREFIX_OFFSET, offset + PREFIX_OFFSET + Math.max(slash, 0));
    target.write(`${octal(checksum, 6)}\0`, offset + CHECKSUM_OFFSET, 7, 'latin1');
    return true;
  };
}

/** The path that a header names, by its prefix and name fields; what it says is untrusted until the header was made again and compared. */
export function pathOfHeader(header: Buffer): string {
  const field = (offset: number, length: number): string => {
    const end = header.indexOf(0, offset);
    return header.toString('latin1', offset, end === -1 || end > offset + length ? offset + length : end);
  };
  const name = field(0, NAME_BYTES);
  return header[PREFIX_OFFSET] === 0 ? name : `${field(PREFIX_OFFSET, PREFIX_BYTES)}/${name}`;
}

/** The size field of a header as eleven octal digits and NUL; `null` for anything else. */
export function sizeOfHeader(header: Buffer): number | null {
  const digits = header.toString('latin1', SIZE_OFFSET, SIZE_OFFSET + 12);
  return /^[0-7]{11}\0$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** The mtime field in seconds; `null` when it is not eleven octal digits and NUL. */
export function mtimeOfHeader(header: Buffer): number | null {
  const digits = header.toString('latin1', MTIME_OFFSET, MTIME_OFFSET + 12);
  return /^[0-7]{11}\0$/.test(digits) ? Number.parseInt(digits, 8) : null;
}
