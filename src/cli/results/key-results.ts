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

const trustedSchema = z.strictObject({ principals: z.string(), fingerprint: z.string() });

export const keyShowResult = z.strictObject({
  keys: z.array(keySchema).readonly(),
  /** Whom this machine trusts as signers. */
  trusted: z.array(trustedSchema).readonly(),
});

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

const codeSchema = z.strictObject({
  code: z.string(),
  kind: z.enum(['error', 'message']),
  exitCode: z.int().nullable(),
  meaning: z.string(),
});

export const explainListResult = z.strictObject({ codes: z.array(codeSchema).readonly() });

export const completeResult = z.strictObject({ what: z.string(), names: z.array(z.string()).readonly() });
