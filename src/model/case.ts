import { z } from 'zod';

export const NOT_STATED = 'not stated';

/** `[a-z0-9][a-z0-9-]{2,23}`, random: it appears in labels, user agents and file names, and must say nothing about the case. */
export const caseIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{2,23}$/);

/** Limits that the authority sets; enforced by `collect`. Absent = no limit stated. */
export const authorityLimitsSchema = z.strictObject({
  namespaces: z.array(z.string()).optional(),
  nodes: z.array(z.string()).optional(),
  /** RFC 3339; nothing is collected after it. */
  notAfter: z.string().optional(),
});
export type AuthorityLimits = z.infer<typeof authorityLimitsSchema>;

/** By whom, when, on what ground, with what limits the collection was ordered. */
export const authoritySchema = z.union([
  z.literal(NOT_STATED),
  z.strictObject({ by: z.string(), at: z.string(), ground: z.string(), limits: authorityLimitsSchema }),
]);
export type Authority = z.infer<typeof authoritySchema>;

/** case.json. The human reference stays here and in nothing that leaves the machine unsealed. */
export const caseFileSchema = z.strictObject({
  format: z.literal('exhibit-case/1'),
  caseId: caseIdSchema,
  reference: z.string(),
  reason: z.string(),
  authority: authoritySchema,
  operator: z.string(),
  hold: z.string().nullable(),
  /** Marking that documents made from the case carry, such as a privilege; absent in cases of earlier versions. */
  privilege: z.string().nullable().optional(),
  openedAt: z.string(),
  state: z.enum(['open', 'closed']),
});
export type CaseFile = z.infer<typeof caseFileSchema>;

/** A line of case.jsonl, hash-chained like the acquisition log. */
export const caseEventSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('case-opened'), caseId: z.string() }),
  z.strictObject({ event: z.literal('exhibit-opened'), exhibitId: z.string(), sequence: z.int().min(1) }),
  z.strictObject({
    event: z.literal('exhibit-sealed'),
    exhibitId: z.string(),
    sequence: z.int().min(1),
    tagmanifestSha256: z.string(),
    containerSha256: z.string(),
    custodyHeadSha256: z.string(),
  }),
  z.strictObject({
    event: z.literal('exhibit-given-up'),
    exhibitId: z.string(),
    sequence: z.int().min(1),
    custodyHeadSha256: z.string(),
    reason: z.string(),
  }),
  /** Before the seal, or later: what is to be done once the archive is sealed. The last one counts. */
  z.strictObject({
    event: z.literal('encryption-asked'),
    exhibitId: z.string(),
    /** Public keys; empty for a passphrase, which is written nowhere. */
    recipients: z.array(z.string()).readonly(),
    keepPlaintext: z.boolean(),
  }),
  /** The encrypted archive has its final name and was read back. */
  z.strictObject({ event: z.literal('exhibit-encrypted'), exhibitId: z.string(), encryptedSha256: z.string() }),
  /** Spool and plaintext archive were unlinked. Nobody claims that their bytes are gone from the disk. */
  z.strictObject({ event: z.literal('plaintext-removed'), exhibitId: z.string() }),
  z.strictObject({ event: z.literal('lock-taken-over'), from: z.string(), reason: z.string() }),
  /** A torn last line was cut off; its bytes, the first of them where `tornSizeBytes` says that there were more. */
  z.strictObject({ event: z.literal('interrupted'), tornB64: z.string(), tornSizeBytes: z.int().min(0).optional() }),
  /** A case is closed although a containment of it is still there: what remains, step by step, and how many more. */
  z.strictObject({
    event: z.literal('containment-abandoned'),
    plan: z.string(),
    target: z.string(),
    remaining: z.array(z.string()).readonly(),
    moreRemaining: z.int().min(0),
  }),
  z.strictObject({ event: z.literal('case-closed'), caseId: z.string() }),
]);
export type CaseEvent = z.infer<typeof caseEventSchema>;

export type EncryptionEvent = Extract<
  CaseEvent,
  { event: 'encryption-asked' | 'exhibit-encrypted' | 'plaintext-removed' }
>;

export type AbandonedContainment = Omit<Extract<CaseEvent, { event: 'containment-abandoned' }>, 'event'>;
