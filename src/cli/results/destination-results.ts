import { z } from 'zod';
import { verifyResult } from './archive-results.js';

const lockSchema = z.strictObject({
  retention: z.strictObject({ mode: z.enum(['governance', 'compliance']), untilAt: z.string() }).nullable(),
  legalHold: z.boolean(),
});

const deliveredSchema = z.strictObject({
  location: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  versionId: z.string().nullable(),
  wasThere: z.boolean(),
  isReadBack: z.boolean(),
});

export const pushResult = z.strictObject({
  archive: z.string(),
  exhibitId: z.string(),
  verdict: z.string(),
  destination: z.string(),
  isEncrypted: z.boolean(),
  files: z.array(deliveredSchema).readonly(),
  lock: lockSchema,
  custodyEvent: z.string().nullable(),
});

export const pushAbortResult = z.strictObject({
  archive: z.string(),
  destination: z.string(),
  /** Unfinished uploads or copies that were removed. */
  removed: z.int(),
});

export const pullResult = z.strictObject({
  location: z.string(),
  path: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  versionId: z.string().nullable(),
  digestOfSource: z.enum(['matches', 'none']),
  digestOfReceipt: z.enum(['matches', 'none']),
  /** Fetched from beside the archive; `null` = there is none, or one was here. Neither is judged. */
  custodyPath: z.string().nullable(),
  custodyEvents: z.int(),
  receiptPath: z.string().nullable(),
  report: verifyResult.nullable(),
});
