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
  containerSha256: z.string(),
  sizeBytes: z.int(),
});
