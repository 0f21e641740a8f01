import { z } from 'zod';

export const doctorResult = z.strictObject({
  /** `null` = there was no connection. */
  server: z.string().nullable(),
  /** What the looks add up to: the worst of them, `unknown` ones left out. */
  verdict: z.enum(['works', 'degraded', 'fails']),
  checks: z
    .array(
      z.strictObject({
        /** Stable: `rights-collect`, `network-policy`. Several checks may have the same. */
        id: z.string(),
        subject: z.string(),
        state: z.enum(['works', 'degraded', 'fails', 'unknown']),
        reason: z.string(),
        remedy: z.string().nullable(),
        /** Of the error that ended the look. */
        code: z.string().nullable(),
      }),
    )
    .readonly(),
  /** A manifest that grants the rights that are missing; `null` = none is, or nobody could be asked. */
  rbac: z.string().nullable(),
});
