import { EntryTable, type TableBudget } from './entry-table.js';
import { PayloadParts, type PrefixOfWhole } from './payload-parts.js';
import { Sha256 } from './sha256.js';
import type { EntrySink } from './ustar-reader.js';

/** A payload file as it stands in the tar. */
export interface PayloadFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** For a part of a split file: all parts so far. */
  readonly prefix: PrefixOfWhole | null;
}

type Report = (path: string, what: 'not-listed' | 'not-there') => void;

/** Every payload file with its hash, in the order of the tar. */
export class PayloadTable {
  readonly #table: EntryTable;
  readonly #parts = new PayloadParts();
  #sizeBytes = 0;

  constructor(budget: TableBudget) {
    this.#table = new EntryTable(budget);
  }

  get files(): number {
    return this.#table.count;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes the next file, which passes the sink wholly before the next one begins. */
  sinkFor(path: string, sizeBytes: number): EntrySink {
    const whole = this.#parts.begin(path);
    const hash = new Sha256();
    return (bytes, isLast) => {
      whole?.hash.update(bytes);
      hash.update(bytes);
      if (!isLast) return;
      const prefix = whole && this.#parts.end(whole, sizeBytes);
      const tail = prefix === null ? '' : `\t${prefix.sha256}\t${String(prefix.sizeBytes)}`;
      this.#table.add(path, `${hash.hex()}\t${String(sizeBytes)}${tail}`);
      this.#sizeBytes += sizeBytes;
    };
  }

  at(number: number): PayloadFile | null {
    const entry = this.#table.at(number);
    if (entry === null) return null;
    const [sha256 = '', size = '', prefixSha256 = '', prefixBytes = ''] = entry.value.split('\t');
    const prefix = prefixSha256 === '' ? null : { sha256: prefixSha256, sizeBytes: Number(prefixBytes) };
    return { path: entry.key, sha256, sizeBytes: Number(size), prefix };
  }

  /** Compares with a list that is sorted by path; several comparisons may run after the last file. */
  compare(report: Report): PayloadComparison {
    return new PayloadComparison(this, report);
  }
}

/** Walks the payload and a sorted list side by side. */
export class PayloadComparison {
  readonly #payload: PayloadTable;
  readonly #report: Report;
  #number = 0;
  #next: PayloadFile | null;

  constructor(payload: PayloadTable, report: Report) {
    this.#payload = payload;
    this.#report = report;
    this.#next = payload.at(0);
  }

  /** The payload file that the next line of the list names; `null`, and a report, when there is none. Paths must come in order. */
  match(path: string): PayloadFile | null {
    while (this.#next !== null && this.#next.path < path) this.#skip(this.#next);
    if (this.#next?.path !== path) {
      this.#report(path, 'not-there');
      return null;
    }
    const file = this.#next;
    this.#advance();
    return file;
  }

  /** After the last line of the list. */
  end(): void {
    while (this.#next !== null) this.#skip(this.#next);
  }

  #skip(file: PayloadFile): void {
    this.#report(file.path, 'not-listed');
    this.#advance();
  }

  #advance(): void {
    this.#number += 1;
    this.#next = this.#payload.at(this.#number);
  }
}
