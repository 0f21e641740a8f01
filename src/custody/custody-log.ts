import type { CustodyEvent } from '../model/custody-entry.js';
import type { ChainHead } from './read-chain.js';

/** The acquisition log of an exhibit, as those who act see it. */
export interface CustodyLog {
  /** Resolves when the entry is on the disk. Throws `STORAGE_FULL` and `STORAGE_FAILED`. */
  append(event: CustodyEvent, fields?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Entries so far. */
  readonly size: number;
  readonly sizeBytes: number;
  readonly head: ChainHead;
  readonly lastEvent: string;
}
