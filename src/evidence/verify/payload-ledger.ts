import { createHash, hash } from 'node:crypto';
import type { EntrySink } from '../ustar-reader.js';
import { LineSpill, type LineCursor } from './line-spill.js';
import { PayloadParts, type PrefixOfWhole } from './payload-parts.js';

const MAX_MEMORY_BYTES = 4 * 1024 * 1024;

/** A payload file as it stands in the tar. */
export interface PayloadFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** For a part of a split file: all parts so far. */
  readonly prefix: PrefixOfWhole | null;
}

function parseLine(line: string): PayloadFile {
  const [sha256 = '', path = '', size = '', prefixSha256 = '', prefixBytes = ''] = line.split('\t');
  const prefix = prefixSha256 === '' ? null : { sha256: prefixSha256, sizeBytes: Number(prefixBytes) };
  return { path, sha256, sizeBytes: Number(size), prefix };
}

/** Every payload file with its hash, in the order of the tar, in bounded memory. */
export class PayloadLedger {
  readonly #spill: LineSpill;
  readonly #parts = new PayloadParts();
  #files = 0;
  #sizeBytes = 0;

  constructor(directory: string) {
    this.#spill = new LineSpill({ directory, maxMemoryBytes: MAX_MEMORY_BYTES });
  }

  get files(): number {
    return this.#files;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes the next file, which passes the sink wholly before the next one begins. */
  sinkFor(path: string, sizeBytes: number): EntrySink {
    const whole = this.#parts.begin(path);
    let running: ReturnType<typeof createHash> | undefined;
    return (bytes, isLast) => {
      whole?.hash.update(bytes);
      if (isLast && running === undefined) {
        this.#add({
          path,
          sizeBytes,
          sha256: hash('sha256', bytes, 'hex'),
          prefix: whole && this.#parts.end(whole, sizeBytes),
        });
        return;
      }
      running ??= createHash('sha256');
      running.update(bytes);
      if (isLast)
        this.#add({
          path,
          sizeBytes,
          sha256: running.digest('hex'),
          prefix: whole && this.#parts.end(whole, sizeBytes),
        });
    };
  }

  /** Compares with a list that is sorted by path; several comparisons may run after the last file. */
  compare(report: (path: string, what: 'not-listed' | 'not-there') => void): PayloadComparison {
    return new PayloadComparison(this.#spill.cursor(), report);
  }

  dispose(): void {
    this.#spill.dispose();
  }

  #add({ path, sha256, sizeBytes, prefix }: PayloadFile): void {
    this.#files += 1;
    this.#sizeBytes += sizeBytes;
    const tail = prefix === null ? '' : `\t${prefix.sha256}\t${String(prefix.sizeBytes)}`;
    this.#spill.add(`${sha256}\t${path}\t${String(sizeBytes)}${tail}`);
  }
}

/** Walks the payload and a sorted list side by side. */
export class PayloadComparison {
  readonly #cursor: LineCursor;
  readonly #report: (path: string, what: 'not-listed' | 'not-there') => void;
  #next: PayloadFile | null;

  constructor(cursor: LineCursor, report: (path: string, what: 'not-listed' | 'not-there') => void) {
    this.#cursor = cursor;
    this.#report = report;
    this.#next = this.#read();
  }

  /** The payload file that the next line of the list names; `null`, and a report, when there is none. Paths must come in order. */
  match(path: string): PayloadFile | null {
    while (this.#next !== null && this.#next.path < path) this.#skip(this.#next);
    if (this.#next?.path !== path) {
      this.#report(path, 'not-there');
      return null;
    }
    const file = this.#next;
    this.#next = this.#read();
    return file;
  }

  /** After the last line of the list. */
  end(): void {
    while (this.#next !== null) this.#skip(this.#next);
  }

  #skip(file: PayloadFile): void {
    this.#report(file.path, 'not-listed');
    this.#next = this.#read();
  }

  #read(): PayloadFile | null {
    const line = this.#cursor.next();
    return line === null ? null : parseLine(line);
  }
}
