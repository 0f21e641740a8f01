import type { FileType } from '../../model/diff-entry.js';
import { LISTING_FIELDS } from './far-scripts.js';

/** An entry of a folder as `find` saw it. Path and link target are bytes as Latin-1; the folder itself has the path ''. */
export interface ListedEntry {
  readonly path: string;
  readonly type: FileType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly nlink: number;
  readonly inode: string;
  readonly device: string;
  /** Nanoseconds since 1970; `null` = the filesystem does not say. */
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly btimeNs: bigint | null;
  readonly linkTarget: string;
}

export type ListingRecord =
  | { readonly kind: 'entry'; readonly entry: ListedEntry }
  | { readonly kind: 'layer'; readonly path: string }
  | { readonly kind: 'device'; readonly path: string; readonly major: number; readonly minor: number };

/** A record longer than this is no listing: paths are at most some 4 KiB, but deeper trees have longer ones. */
const MAX_RECORD_BYTES = 1_048_576;
const LINE_FEED = 0x0a;

const TYPES: Readonly<Record<string, FileType>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
  c: 'char-device',
  b: 'block-device',
  p: 'fifo',
  s: 'socket',
};

export class ListingError extends Error {}

function number(text: string, radix: 8 | 10 | 16 = 10): number {
  if (!/^[0-9a-f]{1,20}$/.test(text)) throw new ListingError('a listing has a field that is no number');
  return Math.min(Number.parseInt(text, radix), Number.MAX_SAFE_INTEGER);
}

/** find prints ten digits after the point. */
function timeNs(text: string): bigint | null {
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,20}))?$/.exec(text);
  if (match === null) return null;
  const ns = BigInt(match[2] ?? '0') * 1_000_000_000n + BigInt((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  return match[1] === '-' ? -ns : ns;
}

function requiredTime(text: string): bigint {
  const ns = timeNs(text);
  if (ns === null) throw new ListingError('a listing has a field that is no time');
  return ns;
}

function identity(text: string): string {
  if (!/^\d{1,20}$/.test(text)) throw new ListingError('a listing has no inode');
  return text;
}

function entryOf(fields: readonly string[]): ListedEntry {
  const at = (index: number): string => fields[index] ?? '';
  return {
    path: at(14),
    type: TYPES[at(0)] ?? 'other',
    mode: number(at(1), 8),
    uid: number(at(2)),
    gid: number(at(3)),
    sizeBytes: number(at(4)),
    allocatedBytes: Math.min(number(at(5)) * 512, Number.MAX_SAFE_INTEGER),
    nlink: number(at(6)),
    inode: identity(at(7)),
    device: identity(at(8)),
    atimeNs: requiredTime(at(9)),
    mtimeNs: requiredTime(at(10)),
    ctimeNs: requiredTime(at(11)),
    btimeNs: timeNs(at(12)),
    linkTarget: at(13),
  };
}

function recordOf(fields: readonly string[]): ListingRecord {
  const path = fields[LISTING_FIELDS - 1] ?? '';
  if (fields[0] === 'L') return { kind: 'layer', path };
  if (fields[0] === 'R') {
    const [, major = '', minor = ''] = fields;
    return { kind: 'device', path: path.replace(/^\.\//, ''), major: number(major, 16), minor: number(minor, 16) };
  }
  return { kind: 'entry', entry: entryOf(fields) };
}

/** Reads what the listing scripts print, piece by piece: fields ended by NUL, records by a line feed. Throws `ListingError`. */
export class ListingReader {
  #rest: Buffer = Buffer.alloc(0);

  *feed(chunk: Buffer): Generator<ListingRecord> {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let fields = this.#record(data); fields !== null; fields = this.#record(data)) {
      data = data.subarray(fields.end);
      yield recordOf(fields.values);
    }
    if (data.length > MAX_RECORD_BYTES) throw new ListingError('a listing has a record without an end');
    this.#rest = Buffer.from(data);
  }

  /** Throws when a record was begun and not ended. */
  end(): void {
    if (this.#rest.length > 0) throw new ListingError('a listing ends in the middle of a record');
  }

  #record(data: Buffer): { values: string[]; end: number } | null {
    const values: string[] = [];
    let at = 0;
    while (values.length < LISTING_FIELDS) {
      const end = data.indexOf(0, at);
      if (end === -1) return null;
      values.push(data.toString('latin1', at, end));
      at = end + 1;
    }
    if (at === data.length) return null;
    if (data[at] !== LINE_FEED) throw new ListingError('a record of a listing has another number of fields');
    return { values, end: at + 1 };
  }
}
