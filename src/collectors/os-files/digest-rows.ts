import { NulRows } from '../nul-rows.js';

const ROW = /^([0-9a-f]{32,64}) [ *](.*)$/s;

/** Reads what `sha256sum -z` and its like print. By absolute path, Latin-1. */
export class DigestRows {
  readonly byPath = new Map<string, string>();
  strangeRows = 0;
  readonly #hexLength: number;
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
    const [, digest = '', name = ''] = ROW.exec(row) ?? [];
    if (digest.length === this.#hexLength && name !== '') this.byPath.set(`/${name}`, digest);
    else this.strangeRows += 1;
  }
}
