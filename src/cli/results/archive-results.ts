import { z } from 'zod';
import { encryptedExhibitSchema } from './encryption-results.js';
import { kindSchema, outcomeCountsSchema, receiptSchema, statementSchema } from '../../model/exhibit.js';
import { NODE_RUNGS } from '../../ports/node-access.js';
import { CHECKS, VERDICTS } from '../../model/verdict.js';

const gapSchema = z.strictObject({ artifact: z.string(), outcome: z.string(), reason: z.string(), detail: z.string() });

const completenessSchema = z.enum(['complete', 'partial', 'failed']);

export const collectResult = z.strictObject({
  caseId: z.string(),
  exhibitId: z.string(),
  completeness: completenessSchema,
  outcomes: outcomeCountsSchema,
  planned: z.int(),
  gaps: z.array(gapSchema).readonly(),
  gapsTotal: z.int(),
  items: z.int(),
  payloadBytes: z.int(),
  already: z.int(),
});

export const planResult = z.strictObject({
  server: z.string().nullable(),
  identity: z.string().nullable(),
  clusterUid: z.string().nullable(),
  nodes: z.array(z.string()).readonly(),
  namespaces: z.union([z.literal('all'), z.array(z.string()).readonly()]),
  pods: z.int(),
  steps: z
    .array(z.strictObject({ tier: z.string(), collector: z.string(), artifacts: z.int(), requests: z.int() }))
    .readonly(),
  artifacts: z.int(),
  requests: z.int(),
  estimatedBytes: z.null(),
  rights: z
    .array(z.strictObject({ verb: z.string(), resource: z.string(), allowed: z.boolean().nullable(), why: z.string() }))
    .readonly(),
  notAskedFor: z.array(z.string()).readonly(),
  nodeAccess: z.array(z.strictObject({ way: z.enum(NODE_RUNGS), makes: z.string(), needs: z.string() })).readonly(),
  excludedByAuthority: z.int(),
  incomplete: z.array(z.string()).readonly(),
  footprint: z.string(),
});

const findingSchema = z.strictObject({
  check: z.enum(CHECKS),
  path: z.string(),
  expected: z.string(),
  found: z.string(),
});

export const verifyResult = z.strictObject({
  archive: z.string(),
  /** Only of an archive that was read out of an age file. */
  ciphertext: z
    .strictObject({ sha256: z.string(), receipt: z.enum(['matches', 'differs', 'not stated', 'no receipt']) })
    .optional(),
  verdict: z.enum(VERDICTS),
  exitCode: z.int(),
  checks: z
    .array(
      z.strictObject({ check: z.enum(CHECKS), result: z.enum(['passed', 'failed', 'skipped']), detail: z.string() }),
    )
    .readonly(),
  findings: z.array(findingSchema).readonly(),
  findingsTotal: z.int(),
  containerSha256: z.string().nullable(),
  tagmanifestSha256: z.string().nullable(),
  kind: kindSchema.nullable(),
  completeness: completenessSchema.nullable(),
  statement: statementSchema.nullable(),
  signer: z.strictObject({ fingerprint: z.string(), principal: z.string().nullable() }).nullable(),
  gaps: z.int(),
  timestamps: z
    .array(
      z.strictObject({
        path: z.string(),
        result: z.enum(['passed', 'failed', 'skipped']),
        detail: z.string(),
        genTime: z.string().nullable(),
        accuracyMs: z.int().nullable(),
        authority: z.string().nullable(),
        sha256: z.string(),
      }),
    )
    .readonly(),
  alarms: z.array(z.string()).readonly(),
  line: z.string(),
});

/** `verify` itself: with what is outside, where that was asked for. */
export const verifyWithExternalResult = verifyResult.extend({
  external: z
    .array(
      z.strictObject({
        subject: z.string(),
        /** When the exhibit says that it was so. */
        observedAt: z.string(),
        checks: z
          .array(
            z.strictObject({
              check: z.enum(['exists', 'volume', 'size', 'started', 'tags', 'state', 'lock', 'key']),
              result: z.enum(['passed', 'failed', 'unknown']),
              detail: z.string(),
            }),
          )
          .readonly(),
      }),
    )
    .readonly()
    .optional(),
});

export const caseVerifyResult = z.strictObject({
  archives: z.array(verifyResult).readonly(),
  /** Not checked: they must be decrypted first. */
  encrypted: z.array(z.string()).readonly(),
  findings: z.array(z.strictObject({ exhibitId: z.string(), expected: z.string(), found: z.string() })).readonly(),
  exitCode: z.int(),
});

export const timestampSchema = z.strictObject({
  url: z.string(),
  authority: z.string(),
  genTime: z.string(),
  tsrSha256: z.string(),
});
export const timestampFailureSchema = z.strictObject({ url: z.string(), reason: z.string() });

export const sealResult = z.strictObject({
  archivePath: z.string(),
  receiptPath: z.string(),
  receipt: receiptSchema,
  statement: statementSchema,
  report: verifyResult,
  timestamps: z.array(timestampSchema).readonly(),
  timestampFailures: z.array(timestampFailureSchema).readonly(),
  encryption: encryptedExhibitSchema.nullable(),
});

export const scorecardSchema = z.strictObject({
  format: z.literal('exhibit-scorecard/1'),
  exhibitId: z.string(),
  kind: z.string(),
  startedAt: z.string(),
  durationMs: z.strictObject({ collect: z.int(), seal: z.int(), verify: z.int(), total: z.int() }),
  planned: z.int(),
  obtained: z.int(),
  provedAbsent: z.int(),
  gaps: z.int(),
  coveragePermille: z.int(),
  payloadFiles: z.int(),
  payloadBytes: z.int(),
  verdict: z.enum(VERDICTS),
});

export const drillResult = z.strictObject({
  archivePath: z.string(),
  receiptPath: z.string(),
  scorecardPath: z.string(),
  allowedSigners: z.string(),
  scorecard: scorecardSchema,
  collect: collectResult,
  report: verifyResult,
});
