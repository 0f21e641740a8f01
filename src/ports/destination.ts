/** A file on its way out: open, and with the digest that it had when it was verified. */
export interface OutgoingFile {
  /** Below the destination: segments of `[a-z0-9_][a-z0-9._-]*`, at most two, so that it means the same everywhere. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Lower-case hex. Bytes that do not have it are never made available under the name. */
  readonly sha256: string;
  /** Fills `buffer` from the byte `offset` of the file on; fewer bytes only at its end. Throws `STORAGE_FAILED`. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
}

/** What keeps a stored file from being removed or replaced. */
export interface StorageLock {
  /** `compliance` cannot be shortened by anybody, `governance` by those with a right of its own. */
  readonly retention: { readonly mode: 'governance' | 'compliance'; readonly untilAt: string } | null;
  readonly legalHold: boolean;
}

export const NO_LOCK: StorageLock = { retention: null, legalHold: false };

/** What a destination says of a file that it has. Untrusted until it was read back. */
export interface StoredFile {
  readonly name: string;
  /** For people and for custody: a path, `s3://bucket/key`. */
  readonly location: string;
  readonly sizeBytes: number;
  /** Digest that the destination keeps beside the file, of the whole of it; `null` where it keeps none. */
  readonly sha256: string | null;
  /** Names these bytes and no later ones under the same name; `read` refuses others. */
  readonly revision: string;
  /** The store's own name for this version, where it keeps versions. */
  readonly versionId: string | null;
}

export interface PutOptions {
  readonly lock: StorageLock;
  /** Bytes that are safely there, of the file; only grows. */
  readonly onProgress: (bytes: number) => void;
  /** Called once, when an earlier upload is gone on with, with the bytes that the store has of it. */
  readonly onResume: (bytes: number) => void;
}

/**
 * Where archives go and come from. A name is written once: nothing is ever overwritten, removed or renamed, except what was never
 * finished. Everything throws `DESTINATION_DENIED`, `DESTINATION_UNREACHABLE` and `DESTINATION_FAILED` for what the store does,
 * `STORAGE_*` for what a disk does, and the reason of the signal that it was made with. Requests are repeated with growing pauses, a
 * bounded number of times.
 */
export interface Destination {
  /** For messages: `s3://bucket/prefix/`, a directory with a slash. */
  readonly location: string;
  locationOf(name: string): string;
  /**
   * Whether a push could work, asked before any byte is sent. Throws `DESTINATION_INVALID` where there is no such bucket or directory,
   * `DESTINATION_NOT_LOCKED` where it cannot keep the lock that is asked for.
   */
  prepare(lock: StorageLock): Promise<void>;
  /** `null` when nothing has this name. */
  find(name: string): Promise<StoredFile | null>;
  /**
   * Stores a file whole or not at all under its name; an interrupted upload is gone on with at the next call where the store can. Throws
   * `DESTINATION_OCCUPIED` when the name is taken, by whatever; `SOURCE_CHANGED` when the bytes are no longer those of the digest;
   * `DESTINATION_MISMATCH` when the store says that it received other bytes.
   */
  put(file: OutgoingFile, options: PutOptions): Promise<StoredFile>;
  /**
   * The bytes of exactly this revision, in order; ends only after `sizeBytes` of them. Throws `DESTINATION_MISMATCH` when it is there no
   * longer or has another length.
   */
  read(file: StoredFile): AsyncIterable<Buffer>;
  /** The lock as the store has it now, asked anew. */
  readLock(file: StoredFile): Promise<StorageLock>;
  /** Sets a lock that the store did not take when the file was put. May only tighten. */
  setLock(file: StoredFile, lock: StorageLock): Promise<void>;
  /** Removes what unfinished uploads of this name left behind; how many there were. */
  abandon(name: string): Promise<number>;
}

/** One upload in parts that was begun. */
export interface UploadBegun {
  readonly location: string;
  readonly uploadId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly partBytes: number;
  readonly lock: StorageLock;
}

export interface UploadedPart {
  readonly part: number;
  readonly sha256: string;
  /** As the store answered. */
  readonly etag: string;
}

/** Remembers uploads across runs. Losing it costs a repeated upload, never evidence. */
export interface UploadJournal {
  load(location: string): Promise<{ readonly begun: UploadBegun; readonly parts: readonly UploadedPart[] } | null>;
  begin(upload: UploadBegun): Promise<void>;
  stored(location: string, part: UploadedPart): Promise<void>;
  forget(location: string): Promise<void>;
}
