export type ListedType = 'file' | 'directory' | 'link' | 'char-device' | 'block-device' | 'fifo' | 'socket' | 'unknown';

/** A file as `find` saw it before anything was opened. Strings are bytes of the node as Latin-1. */
export interface ListedFile {
  /** Absolute, without the root that this way puts before it. */
  readonly path: string;
  readonly type: ListedType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly links: number;
  readonly device: string;
  readonly inode: string;
  /** Nanoseconds since 1970; `null` = not known. */
  readonly atimeNs: bigint | null;
  readonly ctimeNs: bigint | null;
  readonly mtimeNs: bigint | null;
  readonly btimeNs: bigint | null;
  readonly linkTarget: string;
}

const TYPES: Readonly<Record<string, ListedType>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
  c: 'char-device',
  b: 'block-device',
  p: 'fifo',
  s: 'socket',
};

function integer(text: string, radix: 8 | 10 = 10): number {
  const value = /^\d{1,16}$/.test(text) ? parseInt(text, radix) : NaN;
  return Number.isSafeInteger(value) ? value : 0;
}

/** `1700000000.1234567890`, as `find` writes times; `null` for anything else. */
function nanoseconds(text: string): bigint | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,10}))?$/.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2] ?? '0') * 1_000_000_000n + BigInt((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  return match[1] === '-' ? -value : value;
}

/** A row of the listing script whose kind is `F`, below a base. What is no number counts as 0. */
export function listedFileOf(base: string, row: readonly Buffer[]): ListedFile {
  const text = row.map((field) => field.toString('latin1'));
  const at = (index: number): string => text[index] ?? '';
  return {
    path: `${base}/${at(15)}`,
    type: TYPES[at(1)] ?? 'unknown',
    mode: integer(at(2), 8),
    uid: integer(at(3)),
    gid: integer(at(4)),
    sizeBytes: integer(at(5)),
    allocatedBytes: integer(at(6)) * 512,
    links: integer(at(7)),
    device: at(8).slice(0, 24),
    inode: at(9).slice(0, 24),
    atimeNs: nanoseconds(at(10)),
    ctimeNs: nanoseconds(at(11)),
    mtimeNs: nanoseconds(at(12)),
    btimeNs: nanoseconds(at(13)),
    linkTarget: at(14),
  };
}
