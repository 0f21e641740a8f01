import { z } from 'zod';
import { authoritySchema, caseIdSchema, NOT_STATED } from './case.js';
import { instantSchema } from './instant.js';
import { OUTCOMES } from './outcome.js';

export const FORMAT_ID = 'exhibit/1';
export const SEAL_NAMESPACE = 'exhibit-seal@v1';

export const kindSchema = z.enum(['incident', 'drill', 'sandbox']);
export type Kind = z.infer<typeof kindSchema>;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** What was asked for, with names as the user gave them. Empty lists and `all: false` never occur together. */
export const scopeSchema = z.strictObject({
  all: z.boolean(),
  nodes: z.array(z.string()),
  pods: z.array(z.string()),
  namespaces: z.array(z.string()),
  kubelet: z.boolean(),
  profile: z.string(),
  clusterUid: z.string().nullable(),
  /** `null` = no cluster was asked: `nodes` names the one machine or disk that was read. */
  apiServer: z.string().nullable(),
});

/** Who the API server says we are, and who the machine says we are. `null` = could not be learned. */
export const operatorSchema = z.strictObject({
  apiIdentity: z
    .strictObject({
      username: z.string(),
      uid: z.string(),
      groups: z.array(z.string()),
      extra: z.record(z.string(), z.array(z.string())),
      /** Present when the server said more than is kept: how much it was, and how many texts were shortened. */
      truncated: z
        .strictObject({
          groupsTotal: z.int().min(0),
          extraKeysTotal: z.int().min(0),
          extraValuesTotal: z.int().min(0),
          textsShortened: z.int().min(0),
        })
        .optional(),
    })
    .nullable(),
  cloudIdentity: z.string().nullable(),
  osUser: z.string(),
  host: z.string(),
});
export type Operator = z.infer<typeof operatorSchema>;

/** The program that collected. `programDigest`: SHA-256 over the sorted `sha256  path` lines of the installed files, lockfile and node binary. */
export const toolSchema = z.strictObject({
  name: z.literal('exhibit'),
  version: z.string(),
  commit: z.string(),
  programDigest: sha256Schema,
  programFiles: z.int(),
  nodeVersion: z.string(),
  platform: z.string(),
});
export type Tool = z.infer<typeof toolSchema>;

export const outcomeCountsSchema = z.strictObject(
  Object.fromEntries(OUTCOMES.map((outcome) => [outcome, z.int().min(0)])) as Record<
    (typeof OUTCOMES)[number],
    z.ZodInt
  >,
);

/** Of a redacted copy: the archive that it was made of, and how many lines its ledger of redactions has. */
export const derivedFromSchema = z.strictObject({
  exhibitId: z.string().regex(/^[a-z0-9][a-z0-9-]{2,23}-x\d{4}$/),
  tagmanifestSha256: sha256Schema,
  containerSha256: sha256Schema,
  redactions: z.int().min(1),
});

/** meta/exhibit.json: the statement that the signature covers. */
export const statementSchema = z.strictObject({
  format: z.literal(FORMAT_ID),
  policy: z.strictObject({ requireTimestamp: z.boolean(), requireSigners: z.int().min(1) }),
  exhibitId: z.string().regex(/^[a-z0-9][a-z0-9-]{2,23}-x\d{4}$/),
  caseId: caseIdSchema,
  sequence: z.int().min(1),
  previous: z.strictObject({ exhibitId: z.string(), tagmanifestSha256: sha256Schema }).nullable(),
  openedNotSealed: z.array(
    z.strictObject({ exhibitId: z.string(), sequence: z.int().min(1), custodyHeadSha256: sha256Schema }),
  ),
  kind: kindSchema,
  createdAt: instantSchema,
  scope: scopeSchema.nullable(),
  authority: z.union([authoritySchema, z.literal(NOT_STATED)]),
  operator: operatorSchema,
  tool: toolSchema,
  payloadFiles: z.int().min(1),
  payloadBytes: z.int().min(0),
  outcomeCounts: outcomeCountsSchema,
  custodyEntries: z.int().min(1),
  custodyHeadSha256: sha256Schema,
  completeness: z.enum(['complete', 'partial', 'failed']),
  holdId: z.string().nullable(),
  classification: z.string().nullable(),
  derivedFrom: derivedFromSchema.optional(),
});
export type Statement = z.infer<typeof statementSchema>;

/** `<id>.receipt.json`: at most 1 KiB, unsigned; whoever keeps it away from the machine is the trust. */
export const receiptSchema = z.strictObject({
  exhibitId: z.string(),
  sequence: z.int(),
  kind: kindSchema,
  tagmanifestSha256: sha256Schema,
  custodyHeadSha256: sha256Schema,
  custodyEntries: z.int(),
  payloadFiles: z.int(),
  payloadBytes: z.int(),
  containerSha256: sha256Schema,
  encryptedSha256: sha256Schema.optional(),
  signer: z.string(),
  genTime: z.string().optional(),
  tsrSha256: sha256Schema.optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;
