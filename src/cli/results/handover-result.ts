import { z } from 'zod';
import { verifyResult } from './archive-results.js';

export const handoverResult = z.strictObject({
  exhibitId: z.string(),
  folder: z.string(),
  zip: z.string(),
  zipSha256: z.string(),
  manifestSha256: z.string(),
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string(), sizeBytes: z.int() })).readonly(),
  isEncrypted: z.boolean(),
  /** Files marked secret in the archive. */
  secretItems: z.int(),
  report: verifyResult,
  /** What was recorded beside the archive; `null` with --no-custody. */
  custody: z.strictObject({ event: z.string(), path: z.string(), sha256: z.string() }).nullable(),
});
