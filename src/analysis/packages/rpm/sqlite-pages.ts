const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const WAL_HEADER_BYTES = 32;
const WAL_FRAME_BYTES = 24;
/** The last bit says in which order of bytes the checksums were made. */
const WAL_MAGIC = 0x377f0682;

interface Checksum {
  a: number;
  b: number;
}

function addTo(sum: Checksum, bytes: Buffer, isBigEndian: boolean): void {
  const word = (at: number): number => (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    sum.a = (sum.a + word(at) + sum.b) >>> 0;
    sum.b = (sum.b + word(at + 4) + sum.a) >>> 0;
  }
}

function isAt(sum: Checksum, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === sum.a && bytes.readUInt32BE(at + 4) === sum.b;
}

/** Pages that were written and not yet copied into the file: where each stands in the log, up to the last that was committed. */
function committedPages(wal: Buffer, pageBytes: number): Map<number, number> {
  const committed = new Map<number, number>();
  if (wal.length < WAL_HEADER_BYTES) return committed;
  const magic = wal.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== WAL_MAGIC || wal.readUInt32BE(8) !== pageBytes) return committed;
  const isBigEndian = (magic & 1) === 1;
  const sum = { a: 0, b: 0 };
  addTo(sum, wal.subarray(0, 24), isBigEndian);
  if (!isAt(sum, wal, 24)) return committed;
  const salts = wal.subarray(16, 24);
  let pending: (readonly [number, number])[] = [];
  const frameBytes = WAL_FRAME_BYTES + pageBytes;
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salts)) break;
    addTo(sum, wal.subarray(at, at + 8), isBigEndian);
    addTo(sum, wal.subarray(at + WAL_FRAME_BYTES, at + frameBytes), isBigEndian);
    if (!isAt(sum, wal, at + 16)) break;
    pending.push([wal.readUInt32BE(at), at + WAL_FRAME_BYTES]);
    if (wal.readUInt32BE(at + 4) === 0) continue;
    for (const [page, where] of pending) committed.set(page, where);
    pending = [];
  }
  return committed;
}

/** The pages of a SQLite database with what its log has of them. https://www.sqlite.org/fileformat2.html */
export class SqlitePages {
  readonly pageBytes: number;
  /** Without what is reserved at the end of each page. */
  readonly usableBytes: number;
  readonly count: number;
  readonly #file: Buffer;
  readonly #wal: Buffer;
  readonly #inWal: ReadonlyMap<number, number>;

  /** `null` when it is no SQLite database. */
  static of(file: Buffer, wal: Buffer | null): SqlitePages | null {
    if (file.length < HEADER_BYTES || file.toString('latin1', 0, 16) !== MAGIC) return null;
    const stored = file.readUInt16BE(16);
    const pageBytes = stored === 1 ? 65_536 : stored;
    const usableBytes = pageBytes - file.readUInt8(20);
    const isSound = pageBytes >= 512 && (pageBytes & (pageBytes - 1)) === 0 && usableBytes >= 480;
    return isSound ? new SqlitePages(file, wal ?? Buffer.alloc(0), { pageBytes, usableBytes }) : null;
  }

  private constructor(file: Buffer, wal: Buffer, sizes: { readonly pageBytes: number; readonly usableBytes: number }) {
    this.#file = file;
    this.#wal = wal;
    this.pageBytes = sizes.pageBytes;
    this.usableBytes = sizes.usableBytes;
    this.#inWal = committedPages(wal, this.pageBytes);
    this.count = [...this.#inWal.keys()].reduce((most, page) => Math.max(most, page), file.length / this.pageBytes);
  }

  /** Numbers begin with 1. `null` = the file ends before. */
  page(number: number): Buffer | null {
    const inWal = this.#inWal.get(number);
    if (inWal !== undefined) return this.#wal.subarray(inWal, inWal + this.pageBytes);
    const at = (number - 1) * this.pageBytes;
    return number >= 1 && at + this.pageBytes <= this.#file.length
      ? this.#file.subarray(at, at + this.pageBytes)
      : null;
  }
}
