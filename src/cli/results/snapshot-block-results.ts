import { z } from 'zod';

const itemSchema = z.strictObject({ path: z.string(), sha256: z.string(), sizeBytes: z.int() });

/** Of `snapshot hash` and `snapshot export`. Sizes in bytes, times RFC 3339 UTC. */
export const snapshotHashResult = z.strictObject({
  case: z.string(),
  exhibitId: z.string(),
  snapshot: z.string(),
  source: z.string(),
  facts: z.strictObject({
    volume: z.string().nullable(),
    account: z.string().nullable(),
    /** When the snapshot was begun: the moment that its bytes are of. */
    takenAt: z.string().nullable(),
    unknownBecause: z.string().nullable(),
  }),
  sizeBytes: z.int(),
  blockBytes: z.int(),
  /** SHA-256 of all `sizeBytes`, what no block holds being zeros. */
  imageSha256: z.string(),
  blocks: z.int(),
  /** Of these, hashed from the unfinished file of an earlier run. */
  keptBlocks: z.int(),
  holeBytes: z.int(),
  hashStartedAt: z.string(),
  hashEndedAt: z.string(),
  durationMs: z.int(),
  counts: z.strictObject({ requests: z.int(), throttled: z.int(), repeated: z.int() }),
  /** In the exhibit: digests of all blocks, and this record. */
  manifest: itemSchema,
  record: itemSchema,
  exportedTo: z.string().nullable(),
});

export const snapshotDiffResult = z.strictObject({
  first: z.string(),
  second: z.string(),
  by: z.enum(['platform', 'manifests']),
  sizeBytes: z.int(),
  blockBytes: z.int(),
  blocks: z.strictObject({ changed: z.int(), written: z.int(), dropped: z.int() }),
  /** `ranges` holds no more than the first 100,000 of them. */
  rangesTotal: z.int(),
  ranges: z
    .array(
      z.strictObject({
        change: z.enum(['changed', 'written', 'dropped']),
        firstBlock: z.int(),
        blocks: z.int(),
        offset: z.int(),
        sizeBytes: z.int(),
      }),
    )
    .readonly(),
});
