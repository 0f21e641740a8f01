import { z } from 'zod';
import { receiptSchema, statementSchema } from '../../model/exhibit.js';
import { timestampFailureSchema, timestampSchema, verifyResult } from './archive-results.js';

export const deriveResult = z.strictObject({
  archivePath: z.string(),
  receiptPath: z.string(),
  saltsPath: z.string(),
  receipt: receiptSchema,
  statement: statementSchema,
  report: verifyResult,
  timestamps: z.array(timestampSchema).readonly(),
  timestampFailures: z.array(timestampFailureSchema).readonly(),
  redactions: z.int(),
  maskedFiles: z.int(),
  removedFiles: z.int(),
  findings: z.int(),
  unusedRules: z.array(z.string()).readonly(),
  custodyPath: z.string().nullable(),
});
