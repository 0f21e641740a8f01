import { entryOf, entryTypeOf, storedBytesOf, type GnuNames, type PaxEntry } from './pax-entry.js';
import { decimal, parsePaxRecords, type PaxRecords } from './pax-records.js';
import {
  checkedSegments,
  MAX_SPARSE_SEGMENTS,
  oldGnuSegments,
  segmentsOfRecords,
  SparseMapLines,
  type SparseSegment,
} from './sparse-map.js';
import { TarFormatError } from './tar-format-error.js';
import { BLOCK_BYTES, headerNumber, parseTarHeader, type TarHeader } from './tar-header.js';

/** Bytes of one extended header or long name; attributes of 64 KiB each fit many times. */
const MAX_EXTENSION_BYTES = 4 * 1024 * 1024;
/** Digits of a record's length. */
const MAX_LENGTH_CHARACTERS = 16;
/** After its length: a record of a size is shorter. */
const MAX_SIZE_RECORD_BYTES = 64;
const NOTHING = Buffer.alloc(0);
/** Extended headers before one member. */
const MAX_EXTENSIONS = 16;

/**
 * `entry` begins a member. `data` is a piece of its content, `offset` where it stands in the file: a jump is a hole. `end` ends the
 * member; a hole at the end of the file has no data before it. Each member has one `entry` and one `end`.
 */
export type PaxEvent =
  | { readonly kind: 'entry'; readonly entry: PaxEntry }
  | { readonly kind: 'data'; readonly entry: PaxEntry; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly entry: PaxEntry };

/** `null` asks for more bytes. */
type Steps<T> = Generator<PaxEvent | null, T, undefined>;

/**
 * Reads a tar stream piece by piece: ustar, pax, GNU's long names, its three sparse formats in pax and its old one, numbers in octal
 * and base-256. Memory is bounded by one extended header and one sparse map, whatever the archive. Nothing is trusted: names are
 * handed out as bytes, a member whose extended header is too large is left out until `end` says so, and what is not well-formed throws `TarFormatError`; after that the reader must not be fed again.
 *
 * `for (const event of reader.feed(chunk)) ...` for each chunk in order, each loop to its end; the loop may await between events.
 * Then `end()`: it throws when the archive's end was not there. Pieces of content share memory with the chunk.
 */
export class PaxTarReader {
  readonly #steps: Steps<void>;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes taken until now. */
  #position = 0;
  #globals: PaxRecords = [];
  #ended = false;
  #skipped = 0;

  constructor() {
    this.#steps = this.#run();
  }

  *feed(chunk: Buffer): Generator<PaxEvent, void, undefined> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const { value, done } = this.#steps.next();
      if (done === true) return;
      if (value === null) return;
      yield value;
    }
  }

  /** Members that were left out until now, since an extended header of theirs is too large. */
  get skippedMembers(): number {
    return this.#skipped;
  }

  /** Throws `TarFormatError` when the two blocks that end an archive have not come, and when a member was left out. */
  end(): void {
    if (!this.#ended) throw new TarFormatError('truncated', `the archive ends early, after ${this.#position} bytes`);
    if (this.#skipped > 0) throw tooLarge();
  }

  *#take(length: number): Steps<Buffer> {
    while (this.#rest.length < length) yield null;
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#position += length;
    return taken;
  }

  /** At most `length` bytes, at least one. */
  *#takeSome(length: number): Steps<Buffer> {
    while (this.#rest.length === 0) yield null;
    return yield* this.#take(Math.min(length, this.#rest.length));
  }

  *#padding(storedBytes: number): Steps<void> {
    const excess = storedBytes % BLOCK_BYTES;
    if (excess !== 0) yield* this.#take(BLOCK_BYTES - excess);
  }

  *#run(): Steps<void> {
    for (;;) {
      const block = yield* this.#take(BLOCK_BYTES);
      if (isZero(block)) break;
      yield* this.#member(parseTarHeader(block));
    }
    if (!isZero(yield* this.#take(BLOCK_BYTES)))
      throw new TarFormatError('lone-zero-block', 'a block of zeros stands in the middle of the archive');
    this.#ended = true;
    for (;;) {
      const after = yield* this.#takeSome(BLOCK_BYTES);
      if (!isZero(after)) throw new TarFormatError('bytes-after-end', 'there is more after the end of the archive');
    }
  }

  /** A member with the extended headers before it, of which `first` may be one. */
  *#member(first: TarHeader): Steps<void> {
    let header = first;
    let own: PaxRecords = [];
    let gnu: GnuNames = { name: null, linkName: null };
    let isSkipped = false;
    for (let count = 0; 'xXgLK'.includes(header.typeFlag); count += 1) {
      if (count === MAX_EXTENSIONS)
        throw new TarFormatError('too-many-extensions', 'a member has too many extended headers');
      if (header.sizeBytes > MAX_EXTENSION_BYTES) {
        own = [...own, ...(yield* this.#tooLarge(header))];
        isSkipped = true;
      }
      const body = header.sizeBytes > MAX_EXTENSION_BYTES ? NOTHING : yield* this.#extension(header);
      if (header.typeFlag === 'L') gnu = { ...gnu, name: untilZero(body) };
      else if (header.typeFlag === 'K') gnu = { ...gnu, linkName: untilZero(body) };
      else if (header.typeFlag === 'g') this.#globals = [...new Map([...this.#globals, ...parsePaxRecords(body)])];
      else own = [...own, ...parsePaxRecords(body)];
      const block = yield* this.#take(BLOCK_BYTES);
      if (isZero(block)) {
        if (header.typeFlag === 'g') {
          this.#giveBack(block);
          return;
        }
        throw new TarFormatError('extension-without-member', 'an extended header is followed by no member');
      }
      header = parseTarHeader(block);
    }
    const records = [...this.#globals, ...own];
    if (isSkipped) yield* this.#skip(header, records);
    else yield* this.#content(header, records, gnu);
  }

  /** The member is left out, and `end` says so. */
  *#skip(header: TarHeader, records: PaxRecords): Steps<void> {
    if (header.typeFlag === 'S') throw tooLarge();
    this.#skipped += 1;
    const stored = hasContent(header) ? storedBytesOf(header, records) : 0;
    yield* this.#discard(stored);
    yield* this.#padding(stored);
  }

  *#discard(length: number): Steps<void> {
    for (let left = length; left > 0;) left -= (yield* this.#takeSome(left)).length;
  }

  /** Passes over it, and returns its records of the member's size: without them what follows could not be told from content. */
  *#tooLarge(header: TarHeader): Steps<PaxRecords> {
    if (header.typeFlag === 'g') throw tooLarge();
    let sizes: PaxRecords = [];
    if ('LK'.includes(header.typeFlag)) yield* this.#discard(header.sizeBytes);
    else
      for (let left = header.sizeBytes; left > 0;) {
        let length = '';
        while (!length.endsWith(' ') && length.length <= MAX_LENGTH_CHARACTERS)
          length += (yield* this.#take(1)).toString('latin1');
        const rest = /^[1-9]\d* $/.test(length) ? Number(length) - length.length : NaN;
        left -= length.length;
        if (!(rest > 0 && rest <= left)) throw new TarFormatError('bad-pax-record', 'a record has no length that fits');
        left -= rest;
        if (rest > MAX_SIZE_RECORD_BYTES) yield* this.#discard(rest);
        else sizes = [...sizes, ...sizeRecords(Buffer.concat([Buffer.from(length), yield* this.#take(rest)]))];
      }
    yield* this.#padding(header.sizeBytes);
    return sizes.slice(-1);
  }

  /** An archive may end after a global header: the first of the two closing blocks is taken again. */
  #giveBack(block: Buffer): void {
    this.#rest = Buffer.concat([block, this.#rest]);
    this.#position -= block.length;
  }

  *#extension(header: TarHeader): Steps<Buffer> {
    // A copy: the chunk that it stands in may be large.
    const body = Buffer.from(yield* this.#take(header.sizeBytes));
    yield* this.#padding(header.sizeBytes);
    return body;
  }

  *#entry(header: TarHeader, records: PaxRecords, gnu: GnuNames): Steps<PaxEntry> {
    const described = entryOf(header, records, gnu);
    const stored = hasContent(header) ? storedBytesOf(header, records) : 0;
    const map = header.typeFlag === 'S' ? yield* this.#oldGnuMap(header) : mapOfRecords(records);
    if (map === null) return { ...described, sizeBytes: stored, storedBytes: stored, contentAt: this.#position };
    const { segments, mapBytes } =
      map.segments === null ? yield* this.#mapInContent(stored) : { segments: map.segments, mapBytes: 0 };
    const storedBytes = stored - mapBytes;
    const sparse = checkedSegments(segments, map.realSizeBytes, storedBytes);
    return { ...described, sizeBytes: map.realSizeBytes, storedBytes, sparse, contentAt: this.#position };
  }

  *#content(header: TarHeader, records: PaxRecords, gnu: GnuNames): Steps<void> {
    const entry = yield* this.#entry(header, records, gnu);
    yield { kind: 'entry', entry };
    const whole = entry.storedBytes === 0 ? [] : [{ offset: 0, sizeBytes: entry.storedBytes }];
    for (const { offset, sizeBytes } of entry.sparse ?? whole) {
      for (let at = 0; at < sizeBytes;) {
        const bytes = yield* this.#takeSome(sizeBytes - at);
        yield { kind: 'data', entry, offset: offset + at, bytes };
        at += bytes.length;
      }
    }
    // What a map took is whole blocks: the padding is that of the rest.
    yield* this.#padding(entry.storedBytes);
    yield { kind: 'end', entry };
  }

  *#oldGnuMap(header: TarHeader): Steps<SparseMap> {
    const segments = oldGnuSegments(header.block, 386, 4);
    let continues = header.block[482] !== 0;
    while (continues) {
      const block = yield* this.#take(BLOCK_BYTES);
      segments.push(...oldGnuSegments(block, 0, 21));
      if (segments.length > MAX_SPARSE_SEGMENTS)
        throw new TarFormatError('bad-sparse-map', 'the map of a sparse file has too many segments');
      continues = block[504] !== 0;
    }
    return { realSizeBytes: headerNumber(header.block, 483, 12), segments };
  }

  *#mapInContent(stored: number): Steps<{ segments: readonly SparseSegment[]; mapBytes: number }> {
    const lines = new SparseMapLines();
    let mapBytes = 0;
    for (let whole = false; !whole;) {
      if (mapBytes + BLOCK_BYTES > stored)
        throw new TarFormatError('bad-sparse-map', 'the map of a sparse file is longer than what is stored');
      whole = lines.feed(yield* this.#take(BLOCK_BYTES));
      mapBytes += BLOCK_BYTES;
    }
    return { segments: lines.segments(), mapBytes };
  }
}

const tooLarge = (): TarFormatError =>
  new TarFormatError('extension-too-large', `an extended header is larger than ${MAX_EXTENSION_BYTES} bytes`);

const sizeRecords = (body: Buffer): PaxRecords => parsePaxRecords(body).filter(([keyword]) => keyword === 'size');

interface SparseMap {
  readonly realSizeBytes: number;
  /** `null` = it stands at the beginning of the content. */
  readonly segments: readonly SparseSegment[] | null;
}

function mapOfRecords(records: PaxRecords): SparseMap | null {
  const last = (keyword: string): Buffer | undefined => records.findLast(([one]) => one === keyword)?.[1];
  if (last('GNU.sparse.major')?.toString('latin1') === '1')
    return { realSizeBytes: decimal(last('GNU.sparse.realsize') ?? '', 'GNU.sparse.realsize'), segments: null };
  const segments = segmentsOfRecords(records);
  const size = last('GNU.sparse.size') ?? last('GNU.sparse.realsize');
  if (segments === null || size === undefined) return null;
  return { realSizeBytes: decimal(size, 'GNU.sparse.size'), segments };
}

/** Links, devices, folders and FIFOs have none, whatever their size field says; GNU tar writes a size for hard links of pax. */
function hasContent(header: TarHeader): boolean {
  const type = entryTypeOf(header);
  return type === 'file' || type === 'other';
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function untilZero(body: Buffer): Buffer {
  const end = body.indexOf(0);
  return end === -1 ? body : body.subarray(0, end);
}
