import { z } from 'zod';
import { SSH_KEY_TYPES } from '../../evidence/ssh-public-key.js';

const keySchema = z.strictObject({
  name: z.string(),
  /** Of the private half; for a key without a file of ours, how it is named to --key. */
  path: z.string(),
  type: z.enum(SSH_KEY_TYPES),
  heldIn: z.enum(['file', 'file, with passphrase', 'file, not usable', 'elsewhere']),
  fingerprint: z.string(),
  publicKey: z.string(),
  trustedAs: z.string().nullable(),
});

export const keyNewResult = z.strictObject({
  name: z.string(),
  path: z.string(),
  fingerprint: z.string(),
  publicKey: z.string(),
  passphrase: z.boolean(),
  principal: z.string(),
  allowedSigners: z.string(),
});

const trustedSchema = z.strictObject({ principals: z.string(), fingerprint: z.string(), revoked: z.boolean() });

export const keyShowResult = z.strictObject({
  keys: z.array(keySchema).readonly(),
  /** Whom this machine trusts as signers. */
  trusted: z.array(trustedSchema).readonly(),
  /** Lines of that list that are not used. */
  unused: z.array(z.strictObject({ line: z.int(), why: z.string() })).readonly(),
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
