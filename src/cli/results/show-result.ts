import { z } from 'zod';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { outcomeCountsSchema, statementSchema } from '../../model/exhibit.js';

/** What an archive says of itself; nothing in it was verified. */
export const showResult = z.strictObject({
  archive: z.string(),
  verified: z.literal(false),
  statement: statementSchema,
  gaps: z.array(outcomeRecordSchema).readonly(),
  gapsTotal: z.int(),
  collectors: z
    .array(z.strictObject({ collector: z.string(), outcomes: outcomeCountsSchema, items: z.int(), sizeBytes: z.int() }))
    .readonly(),
  folders: z.array(z.strictObject({ folder: z.string(), files: z.int(), sizeBytes: z.int() })).readonly(),
  /** What was expected of a node and found there. */
  coverage: z
    .array(
      z.strictObject({ place: z.string(), expected: z.int(), found: z.int(), missing: z.array(z.string()).readonly() }),
    )
    .readonly(),
  /** Executables of each node against its package database. Empty for an archive that is encrypted. */
  packages: z
    .array(
      z.strictObject({
        node: z.string(),
        packagedFiles: z.int(),
        unmodified: z.int(),
        modifiedTotal: z.int(),
        modified: z.array(z.strictObject({ pathB64: z.string(), package: z.string() })).readonly(),
        notOwnedTotal: z.int(),
        notOwned: z.array(z.strictObject({ pathB64: z.string() })).readonly(),
        notComparable: z.int(),
        limits: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  containerSha256: z.string(),
  sizeBytes: z.int(),
});
