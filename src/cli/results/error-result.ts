import { z } from 'zod';
import { ERROR_TABLE, type ErrorCode } from '../../model/errors.js';

/** The one document that a failed command prints with --json. Nothing else ever stands in it. */
export const errorResult = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]]),
    exitCode: z.int(),
    message: z.string(),
    subject: z.string().optional(),
    hints: z.array(z.string()),
    retryable: z.boolean(),
    safe: z.string().optional(),
  }),
});
