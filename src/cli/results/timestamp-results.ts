import { z } from 'zod';
import { VERDICTS } from '../../model/verdict.js';

export const retimestampResult = z.strictObject({
  exhibitId: z.string(),
  archive: z.string(),
  verdict: z.enum(VERDICTS),
  timestamps: z
    .array(
      z.strictObject({
        url: z.string(),
        authority: z.string(),
        genTime: z.string(),
        tsrSha256: z.string(),
        path: z.string(),
        sequence: z.int(),
      }),
    )
    .readonly(),
  timestampFailures: z.array(z.strictObject({ url: z.string(), reason: z.string() })).readonly(),
});
