import type { CustodyEvent } from '../model/custody-entry.js';
import type { ChainedLog } from './chained-log.js';
import type { ChainHead } from './read-chain.js';

/** The acquisition log of an exhibit, as those who act see it. */
export interface CustodyLog {
  /** Resolves with the raw line, LF included, when the entry is on the disk. Throws `STORAGE_FULL` and `STORAGE_FAILED`. */
  append(event: CustodyEvent, fields?: Readonly<Record<string, unknown>>): Promise<string>;
  /** One entry of the same event for each of `list`, with one sync. Resolves with the raw lines. */
  appendMany(event: CustodyEvent, list: readonly Readonly<Record<string, unknown>>[]): Promise<string>;
  /** Entries so far. */
  readonly size: number;
  readonly sizeBytes: number;
  readonly head: ChainHead;
  readonly lastEvent: string;
}

/**
 * A log whose first entry is always `open`: when something must be recorded before the facts of the opening are known, an `open` with
 * `first` alone goes before it.
 */
export class OpenedCustodyLog implements CustodyLog {
  readonly #log: ChainedLog<CustodyEvent>;
  readonly #first: Readonly<Record<string, unknown>>;

  constructor(log: ChainedLog<CustodyEvent>, first: Readonly<Record<string, unknown>>) {
    this.#log = log;
    this.#first = first;
  }

  get size(): number {
    return this.#log.size;
  }

  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  get head(): ChainHead {
    return this.#log.head;
  }

  get lastEvent(): string {
    return this.#log.lastEvent;
  }

  async append(event: CustodyEvent, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return await this.appendMany(event, [fields]);
  }

  async appendMany(event: CustodyEvent, list: readonly Readonly<Record<string, unknown>>[]): Promise<string> {
    if (this.#log.size === 0 && event !== 'open') await this.#log.append('open', this.#first);
    return await this.#log.appendMany(event, list);
  }
}
