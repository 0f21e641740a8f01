import { z } from 'zod';

const keySchema = z.strictObject({
  name: z.string(),
  path: z.string(),
  fingerprint: z.string(),
  publicKey: z.string(),
  trustedAs: z.string().nullable(),
});

export const keyNewResult = z.strictObject({
  name: z.string(),
  path: z.string(),
  fingerprint: z.string(),
  publicKey: z.string(),
  principal: z.string(),
  allowedSigners: z.string(),
});

export const keyShowResult = z.strictObject({ keys: z.array(keySchema).readonly() });

export const keyTrustResult = z.strictObject({
  fingerprint: z.string(),
  principal: z.string(),
  allowedSigners: z.string(),
  added: z.boolean(),
});

export const explainResult = z.strictObject({
  code: z.string(),
  kind: z.enum(['error', 'message']),
  meaning: z.string(),
  exitCode: z.int().nullable(),
  remedy: z.string().nullable(),
  level: z.string().nullable(),
});

export const completeResult = z.strictObject({ what: z.string(), names: z.array(z.string()).readonly() });
