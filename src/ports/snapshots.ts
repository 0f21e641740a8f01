import type { SnapshotLock } from '../model/external.js';
import type { CloudVolume } from './platform.js';

/** A volume by itself, and where it is attached. */
export interface StandaloneVolume extends CloudVolume {
  /** `null` = nowhere. */
  readonly instance: string | null;
  readonly state: string;
}

/** A snapshot as the platform tells of it; untrusted but for its shape. Times RFC 3339 UTC. */
export interface SnapshotView {
  readonly account: string;
  readonly region: string;
  readonly id: string;
  readonly arn: string;
  readonly volume: string | null;
  readonly sizeBytes: number;
  readonly isEncrypted: boolean;
  readonly kmsKeyId: string | null;
  /** `pending`, `completed`, `error`, or what else it says. */
  readonly state: string;
  readonly stateDetail: string | null;
  readonly progress: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SnapshotList {
  readonly snapshots: readonly SnapshotView[];
  readonly requestIds: readonly string[];
}

/** `unknown`: the request left and no whole answer came back; look by tag before anything else. */
export type SnapshotAnswer<Made> = { readonly requestIds: readonly string[] } & (
  | { readonly outcome: 'done'; readonly made: Made }
  | { readonly outcome: 'refused'; readonly detail: string; readonly isDenied: boolean }
  | { readonly outcome: 'unknown'; readonly detail: string }
);

export type TakeRequest = {
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** The platform goes through everything and makes nothing. */
  readonly dryRun?: boolean;
} & (
  | {
      readonly instance: string;
      readonly excludeRoot: boolean;
      readonly excludeVolumes: readonly string[];
      /** The platform copies the tags of each volume to its snapshot; default true. */
      readonly copyTags?: boolean;
    }
  | { readonly volume: string }
);

export interface CopyRequest {
  readonly snapshot: string;
  readonly fromRegion: string;
  /** Of the region of the service; `null` = as the source is encrypted. */
  readonly kmsKey: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
}

export interface LockRequest {
  readonly snapshot: string;
  readonly mode: 'governance' | 'compliance';
  readonly until: { readonly days: number } | { readonly date: string };
}

/** What is known of a key; `null` = the platform did not tell, `unknownBecause` says why. */
export interface KeyView {
  readonly arn: string | null;
  /** Of the platform itself: what it encrypts can be given to nobody. */
  readonly isPlatformKey: boolean | null;
  /** `Enabled`, `Disabled`, `PendingDeletion`, ... */
  readonly state: string | null;
  readonly unknownBecause: string | null;
}

/**
 * Snapshots of one region with one identity. Calls that make something have no token of idempotency: they are sent once, and what they
 * make is tagged at creation. Each request is in the request log with its request id. Reads throw `PLATFORM_*` and `INTERRUPTED`; calls
 * that change something throw only `PLATFORM_UNAUTHENTICATED`.
 */
export interface SnapshotService {
  readonly region: string;
  volumes(ids: readonly string[]): Promise<readonly StandaloneVolume[]>;
  take(request: TakeRequest): Promise<SnapshotAnswer<readonly SnapshotView[]>>;
  /** Own snapshots with all of these tags. */
  find(tags: Readonly<Record<string, string>>): Promise<SnapshotList>;
  /** Those that exist; the others are left out. */
  describe(ids: readonly string[]): Promise<SnapshotList>;
  copy(request: CopyRequest): Promise<SnapshotAnswer<{ readonly id: string }>>;
  /** Copies into this region that are not finished, of anybody in the account. */
  pendingSnapshots(): Promise<number>;
  lock(request: LockRequest): Promise<SnapshotAnswer<SnapshotLock>>;
  /** By id; never throws for what the platform refuses: those are `unknown`. */
  locks(ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotLock>>;
  /** Lets another account make volumes and copies of it. */
  share(snapshot: string, account: string): Promise<SnapshotAnswer<null>>;
  /** Never throws for what the platform refuses. */
  key(keyId: string): Promise<KeyView>;
  /** `block-all-sharing`, `block-new-sharing`, `unblocked`; `null` = it could not be learned. */
  blockPublicAccess(): Promise<string | null>;
  close(): void;
}
