import { NulRows } from '../nul-rows.js';

const ROW = /^([0-9a-f]{32,64}) [ *]\.\/([^/]+)$/s;

/** Reads what the digest script prints: a folder, and what `sha256sum -z` and its like print of the files in it. By absolute path, Latin-1. */
export class DigestRows {
  readonly byPath = new Map<string, string>();
  strangeRows = 0;
  readonly #hexLength: number;
  #folder: string | null = null;
  readonly #rows = new NulRows(1, ([row]) => {
    this.#take(row?.toString('latin1') ?? '');
  });

  /** Hex digits of a digest: 64, 40 or 32. */
  constructor(hexLength: number) {
    this.#hexLength = hexLength;
  }

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }

  get isSound(): boolean {
    return this.#rows.isBetweenRows && !this.#rows.isBroken && this.strangeRows === 0;
  }

  #take(row: string): void {
    if (row.startsWith('/')) {
      this.#folder = row === '/' ? '' : row;
      return;
    }
    const [, digest = '', name = ''] = ROW.exec(row) ?? [];
    if (digest.length === this.#hexLength && name !== '' && this.#folder !== null)
      this.byPath.set(`${this.#folder}/${name}`, digest);
    else this.strangeRows += 1;
  }
}
