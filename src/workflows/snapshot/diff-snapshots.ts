import { type BlockChange, type ChangedRange, ChangedRanges } from '../../evidence/block-image/changed-ranges.js';
import { compareManifests } from '../../evidence/block-image/compare-manifests.js';
import { openManifest } from '../../evidence/block-image/read-manifest.js';
import { ExhibitError } from '../../model/errors.js';
import type { BlockPlatform, ImageForm } from '../../ports/block-source.js';

/** So many ranges are listed; all are counted. */
const MAX_RANGES = 100_000;

export interface SnapshotDiff {
  /** Snapshots, or names in the manifests: `aws:eu-central-1:snap-0abc`. */
  readonly first: string;
  readonly second: string;
  /** `platform`: by its record of writes, so that a block which was written again with the same bytes counts. `manifests`: by digests. */
  readonly by: 'platform' | 'manifests';
  /** Of the second. */
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly blocks: Readonly<Record<BlockChange, number>>;
  /** All of them, listed or not. */
  readonly rangesTotal: number;
  readonly ranges: readonly ChangedRange[];
}

interface Ends {
  readonly first: string;
  readonly second: string;
}

function summary(
  ends: Ends,
  by: SnapshotDiff['by'],
  { form, ranges }: { form: ImageForm; ranges: ChangedRanges },
): SnapshotDiff {
  const { sizeBytes, blockBytes } = form;
  const { counts, total } = ranges;
  return { ...ends, by, sizeBytes, blockBytes, blocks: counts, rangesTotal: total, ranges: ranges.kept(form) };
}

/** Two snapshots of one volume, by the platform. Throws as `BlockPlatform.changed`. */
export async function diffSnapshots(ends: Ends, platform: BlockPlatform): Promise<SnapshotDiff> {
  const ranges = new ChangedRanges(MAX_RANGES);
  let form: ImageForm | null = null;
  try {
    for await (const page of platform.changed(ends.first, ends.second)) {
      form = page;
      for (const block of page.blocks) ranges.add(block);
    }
  } finally {
    platform.close();
  }
  if (form === null) throw new ExhibitError('INTERNAL', 'a comparison without a page', { subject: ends.second });
  return summary(ends, 'platform', { form, ranges });
}

/** Two block manifests; no cloud is asked. Throws `USAGE_INVALID` for what is no manifest, and for blocks of other sizes. */
export async function diffManifests(paths: Ends): Promise<SnapshotDiff> {
  const first = await openManifest(paths.first);
  const second = await openManifest(paths.second);
  const { blockBytes, sizeBytes } = second.head;
  if (first.head.blockBytes !== blockBytes)
    throw new ExhibitError('USAGE_INVALID', 'the blocks of the two manifests have different sizes', {
      subject: paths.second,
    });
  const ranges = new ChangedRanges(MAX_RANGES);
  for await (const block of compareManifests(first.blocks, second.blocks, blockBytes)) ranges.add(block);
  // What a larger image had behind the end of the second is a difference, too.
  const form = { blockBytes, sizeBytes: Math.max(first.head.sizeBytes, sizeBytes) };
  return summary({ first: first.head.source, second: second.head.source }, 'manifests', { form, ranges });
}
