/** Size of a disk image and of the blocks that it is read in; bytes. */
export interface ImageForm {
  readonly sizeBytes: number;
  readonly blockBytes: number;
}

/** A block that the platform holds; what is not listed was never written and is zeros. `token` is the platform's own and may expire. */
export interface ListedBlock {
  readonly index: number;
  readonly token: string;
}

export interface BlockPage extends ImageForm {
  /** Ascending, unique over all pages, within the image; may be empty. */
  readonly blocks: readonly ListedBlock[];
}

/** What a block of the image holds: all of it, also of the last one. */
export interface BlockBytes {
  readonly bytes: Buffer;
  /** Lower-case hex, computed here over `bytes`, and the same that the platform stated. */
  readonly sha256: string;
  /** Gives the memory of `bytes` back, which another block may then be read into. Once; whoever keeps the bytes never calls it. */
  readonly release?: () => void;
}

/** What is known of a snapshot besides its blocks; `null` = it could not be read, `unknownBecause` says why. */
export interface SnapshotFacts {
  readonly volume: string | null;
  readonly account: string | null;
  /** RFC 3339 UTC: when the snapshot was begun, which is the moment that its bytes are of. */
  readonly takenAt: string | null;
  readonly unknownBecause: string | null;
}

export interface BlockReadCounts {
  readonly requests: number;
  /** How often the platform asked to slow down. */
  readonly throttled: number;
  /** Requests that were made again for another reason. */
  readonly repeated: number;
}

/**
 * The blocks of one snapshot. Whatever the platform says is checked before it is given: order, bounds, lengths, checksums. Throws
 * `PLATFORM_UNSUITABLE` where there is no such snapshot or its blocks cannot be read, `PLATFORM_DENIED`, `PLATFORM_UNAUTHENTICATED`,
 * `PLATFORM_UNREACHABLE` when it stays away or keeps asking to slow down, `PLATFORM_FAILED` for answers that are not true, `INTERRUPTED`.
 */
export interface BlockSource {
  /** Names it for records: `aws:eu-central-1:snap-0abc`. */
  readonly name: string;
  /** As the platform calls it: `snap-0abc`. */
  readonly snapshot: string;
  /** Never throws for what the platform refuses. */
  facts(): Promise<SnapshotFacts>;
  /** The listed blocks from this index on; at least one page, so that the form is known. */
  list(fromIndex: number): AsyncGenerator<BlockPage>;
  /** How many run at once is the source's business: any number may be asked for. */
  read(block: ListedBlock): Promise<BlockBytes>;
  counts(): BlockReadCounts;
}

/** A block that is not the same in both: `first` and `second` say which of them holds one. */
export interface ChangedBlock {
  readonly index: number;
  readonly inFirst: boolean;
  readonly inSecond: boolean;
}

export interface ChangedPage extends ImageForm {
  readonly blocks: readonly ChangedBlock[];
}

/** Reads snapshots of a cloud block by block. */
export interface BlockPlatform {
  source(snapshot: string): BlockSource;
  /**
   * What differs between two snapshots of one volume, by the platform's own record of writes: a block that was written again with the same
   * bytes may be among them. Throws as `BlockSource`; `PLATFORM_UNSUITABLE` where the two are of different volumes.
   */
  changed(first: string, second: string): AsyncGenerator<ChangedPage>;
  /** Ends what still runs. */
  close(): void;
}
