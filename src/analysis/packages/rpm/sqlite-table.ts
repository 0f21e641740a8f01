import type { Damage } from './damage.js';
import type { SqlitePages } from './sqlite-pages.js';

const LEAF = 0x0d;
const INTERIOR = 0x05;
const MAX_DEPTH = 20;
/** Page 1 begins with the header of the file. */
const FILE_HEADER_BYTES = 100;

/** A number of seven bits a byte and the position after it; beyond 2^53 it is not exact, and then larger than anything it may be. */
function varint(bytes: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let index = 0; index < 9; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) return [Number.POSITIVE_INFINITY, at + index];
    if (index === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [value, at + 9];
}

/** The tables that are read have five at most. */
const MAX_COLUMNS = 16;
const FIXED_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

/** The columns of a record as their bytes; `null` = it is none. Numbers are big-endian. */
function columnsOf(record: Buffer): Buffer[] | null {
  const [headerBytes, first] = varint(record, 0);
  if (headerBytes > record.length) return null;
  const columns: Buffer[] = [];
  let at = headerBytes;
  for (let next = first; next < headerBytes;) {
    const [type, after] = varint(record, next);
    const sizeBytes = type < 12 ? (FIXED_BYTES[type] ?? 0) : Math.floor((type - 12) / 2);
    if (at + sizeBytes > record.length || columns.length === MAX_COLUMNS) return null;
    columns.push(record.subarray(at, at + sizeBytes));
    at += sizeBytes;
    next = after;
  }
  return columns;
}

class TableReader {
  readonly #pages: SqlitePages;
  readonly #damage: Damage;
  /** No page belongs to a table twice: so time and memory are those of the file. */
  readonly #seen = new Set<number>();

  constructor(pages: SqlitePages, damage: Damage) {
    this.#pages = pages;
    this.#damage = damage;
  }

  *records(root: number, depth = 0): Generator<Buffer> {
    const page = depth > MAX_DEPTH ? null : this.#take(root);
    const at = root === 1 ? FILE_HEADER_BYTES : 0;
    const kind = page?.[at];
    if (page === null || (kind !== LEAF && kind !== INTERIOR)) {
      this.#damage.note();
      return;
    }
    const pointers = at + (kind === LEAF ? 8 : 12);
    const cells = Math.min(page.readUInt16BE(at + 3), (page.length - pointers) / 2);
    // Cells do not overlap: a page has so many bytes and no more, whatever its index says.
    const left = { bytes: page.length };
    for (let cell = 0; cell < cells; cell += 1) {
      const where = page.readUInt16BE(pointers + cell * 2);
      if (kind === LEAF) yield* this.#record(page, where, left);
      else yield* this.#child(page, where, depth);
    }
    if (kind === INTERIOR) yield* this.#child(page, at + 8, depth);
  }

  *#child(page: Buffer, where: number, depth: number): Generator<Buffer> {
    if (where + 4 <= page.length) yield* this.records(page.readUInt32BE(where), depth + 1);
    else this.#damage.note();
  }

  #take(number: number): Buffer | null {
    if (this.#seen.has(number)) return null;
    this.#seen.add(number);
    return this.#pages.page(number);
  }

  *#record(page: Buffer, where: number, left: { bytes: number }): Generator<Buffer> {
    const [sizeBytes, afterSize] = varint(page, where);
    const [, at] = varint(page, afterSize);
    const localBytes = this.#localBytes(sizeBytes);
    left.bytes -= localBytes;
    const isPossible = sizeBytes <= this.#pages.count * this.#pages.pageBytes && left.bytes >= 0;
    const isWhole = isPossible && at + localBytes <= page.length;
    const record = isWhole ? this.#joined(page, { at, localBytes, sizeBytes }) : null;
    if (record === null) this.#damage.note();
    else yield record;
  }

  /** Of a record, those bytes that stand in its own page. */
  #localBytes(sizeBytes: number): number {
    const usable = this.#pages.usableBytes;
    if (sizeBytes <= usable - 35) return sizeBytes;
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fitting = least + ((sizeBytes - least) % (usable - 4));
    return fitting <= usable - 35 ? fitting : least;
  }

  #joined(
    page: Buffer,
    { at, localBytes, sizeBytes }: { readonly at: number; readonly localBytes: number; readonly sizeBytes: number },
  ): Buffer | null {
    const pieces = [page.subarray(at, at + localBytes)];
    let missing = sizeBytes - localBytes;
    if (missing > 0 && at + localBytes + 4 > page.length) return null;
    let next = missing > 0 ? page.readUInt32BE(at + localBytes) : 0;
    while (missing > 0) {
      const further = this.#take(next);
      if (further === null) return null;
      const piece = further.subarray(4, 4 + Math.min(missing, this.#pages.usableBytes - 4));
      pieces.push(piece);
      missing -= piece.length;
      next = further.readUInt32BE(0);
    }
    return Buffer.concat(pieces);
  }
}

/** Rows of the table of that name, as the bytes of their columns; what is damaged is left out and counted. */
export function* sqliteRows(pages: SqlitePages, table: string, damage: Damage): Generator<readonly Buffer[]> {
  for (const record of new TableReader(pages, damage).records(1)) {
    const [type, name, , root] = columnsOf(record) ?? [];
    if (type?.toString('latin1') !== 'table' || name?.toString('latin1') !== table || root === undefined) continue;
    if (root.length === 0 || root.length > 6) break;
    for (const row of new TableReader(pages, damage).records(root.readUIntBE(0, root.length))) {
      const columns = columnsOf(row);
      if (columns === null) damage.note();
      else yield columns;
    }
    return;
  }
  damage.note();
}
