import type { HashedImage } from '../../evidence/block-image/hash-image.js';
import type { BlockReadCounts, SnapshotFacts } from '../../ports/block-source.js';
import type { CommittedItem } from '../../ports/evidence-sink.js';

/** What is known of a snapshot once each of its bytes was read. Sizes in bytes, times RFC 3339 UTC. */
export interface SnapshotHash extends HashedImage {
  readonly snapshot: string;
  /** `aws:eu-central-1:snap-0abc` */
  readonly source: string;
  readonly facts: SnapshotFacts;
  /** Of what no block holds. */
  readonly holeBytes: number;
  readonly hashStartedAt: string;
  readonly hashEndedAt: string;
  readonly durationMs: number;
  readonly counts: BlockReadCounts;
  readonly manifest: CommittedItem;
  readonly record: CommittedItem;
  readonly exportedTo: string | null;
}
