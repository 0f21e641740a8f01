import type { RandomAccess } from '../lib/random-access.js';
import type { ItemSource, Sensitivity, Subject, Vantage } from '../model/artifact.js';

/** What is known of a payload file before its bytes. */
export interface ItemDraft {
  /** Inside the archive, beginning with `data/`; segments by `lib/safe-path`. */
  readonly path: string;
  readonly artifact: string;
  readonly collector: string;
  readonly vantage: Vantage;
  readonly sensitivity: Sensitivity;
}

/** What is known after the last byte. */
export interface ItemFacts {
  readonly subject: Subject;
  readonly source: ItemSource;
  readonly outcome: 'collected' | 'partial';
  readonly truncated?: { readonly limit: number; readonly reason: string };
  readonly sourceChanged: boolean | null;
  readonly firstByteAt: string | null;
  readonly lastByteAt: string | null;
  /** Raw bytes of the source's name in base64, and its escaped display form, where the path cannot hold the name. */
  readonly nameB64?: string;
  readonly nameDisplay?: string;
  readonly derivedFrom?: readonly string[];
}

export interface CommittedItem {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** One payload file being written. Exactly one of `commit` and `abort` ends it. */
export interface ItemWriter {
  readonly sizeBytes: number;
  /** Owns the chunk. Await a returned promise: it is the back-pressure. Throws `STORAGE_FULL` or `STORAGE_FAILED`. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** SHA-256 in lower-case hex of what was written until now. */
  digest(): string;
  /** Flush, fsync, items line, custody line. After it resolves, a power cut loses nothing of this item. */
  commit(facts: ItemFacts): Promise<CommittedItem>;
  /** Drops the bytes; for what turned out to be no evidence. */
  abort(): Promise<void>;
}

/** Where evidence goes. Hashing, part splitting, limits of the disk and fsync are inside. */
export interface EvidenceSink {
  /** Creates the file exclusively. Throws `INTERNAL` when the path is taken or outside the grammar. */
  open(draft: ItemDraft): Promise<ItemWriter>;
  /**
   * Opens an item of this run that was committed, for what is derived from it. The caller closes it. Throws `INTERNAL` for a path that
   * was not committed or was split into parts, `STORAGE_FAILED` where the disk does not answer.
   */
  readBack(path: string): ReadBack;
  /** Room on the disk that it writes to; absent where there is no disk. Throws `STORAGE_FAILED`. */
  freeBytes?(): Promise<number>;
}

/** The bytes of a committed item. Reading throws `STORAGE_FAILED`. */
export interface ReadBack extends RandomAccess {
  close(): void;
}
