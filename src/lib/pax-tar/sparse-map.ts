import { headerNumber } from './tar-header.js';
import { decimal, type PaxRecords } from './pax-records.js';
import { TarFormatError } from './tar-format-error.js';

/** Segments of one file beyond which it counts as hostile: 16 MiB of map. */
export const MAX_SPARSE_SEGMENTS = 1_048_576;

/** Where bytes stand in a file with holes. Ascending, not overlapping, inside the file. */
export interface SparseSegment {
  readonly offset: number;
  readonly sizeBytes: number;
}

function fail(detail: string): never {
  throw new TarFormatError('bad-sparse-map', `the map of a sparse file ${detail}`);
}

/** Checks a map against the file's size and the bytes that are stored. Empty segments mark the end and are left out. */
export function checkedSegments(
  segments: readonly SparseSegment[],
  realSizeBytes: number,
  storedBytes: number,
): readonly SparseSegment[] {
  let end = 0;
  let stored = 0;
  for (const { offset, sizeBytes } of segments) {
    if (offset < end || offset + sizeBytes > realSizeBytes) fail('has segments that overlap or lie outside the file');
    end = offset + sizeBytes;
    stored += sizeBytes;
  }
  if (stored !== storedBytes) fail('names another number of bytes than are stored');
  return segments.filter(({ sizeBytes }) => sizeBytes > 0);
}

function paired(numbers: readonly number[]): SparseSegment[] {
  if (numbers.length % 2 !== 0) fail('is torn');
  const segments: SparseSegment[] = [];
  for (let at = 0; at < numbers.length; at += 2)
    segments.push({ offset: numbers[at] ?? 0, sizeBytes: numbers[at + 1] ?? 0 });
  return segments;
}

/** Formats 0.0 (a pair of records per segment) and 0.1 (one record with all); `null` = the records hold no map. */
export function segmentsOfRecords(records: PaxRecords): readonly SparseSegment[] | null {
  const map = records.findLast(([keyword]) => keyword === 'GNU.sparse.map')?.[1];
  const numbers =
    map === undefined
      ? records
          .filter(([keyword]) => keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes')
          .map(([keyword, value]) => decimal(value, keyword))
      : map
          .toString('latin1')
          .split(',')
          .filter((part) => part !== '')
          .map((part) => decimal(part, 'GNU.sparse.map'));
  if (map === undefined && numbers.length === 0) return null;
  if (numbers.length > 2 * MAX_SPARSE_SEGMENTS) fail('has too many segments');
  return paired(numbers);
}

/** GNU's old way: descriptors of 24 bytes in a header or in the blocks that follow it. An unused one ends the list. */
export function oldGnuSegments(block: Buffer, at: number, count: number): SparseSegment[] {
  const segments: SparseSegment[] = [];
  for (let index = 0; index < count; index += 1) {
    const begin = at + index * 24;
    if (block[begin] === 0) break;
    const offset = headerNumber(block, begin, 12);
    const sizeBytes = headerNumber(block, begin + 12, 12);
    if (offset < 0 || sizeBytes < 0) fail('has negative numbers');
    segments.push({ offset, sizeBytes });
  }
  return segments;
}

/** Format 1.0: decimal lines in the first blocks of the content: the count, then offset and size of each segment. */
export class SparseMapLines {
  readonly #numbers: number[] = [];
  #rest = '';
  #count: number | null = null;

  /** Takes one block. True when the map is whole; what follows its last line in the block is padding. */
  feed(block: Buffer): boolean {
    const lines = (this.#rest + block.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#count === null) {
        this.#count = decimal(line, 'the number of segments');
        if (this.#count > MAX_SPARSE_SEGMENTS) fail('has too many segments');
      } else if (this.#numbers.length < 2 * this.#count) this.#numbers.push(decimal(line, 'a segment'));
      else break;
    }
    const isWhole = this.#count !== null && this.#numbers.length === 2 * this.#count;
    if (!isWhole && this.#rest.length > 16) fail('has a line that is no number');
    return isWhole;
  }

  segments(): readonly SparseSegment[] {
    return paired(this.#numbers);
  }
}
