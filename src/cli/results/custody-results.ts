import { z } from 'zod';
import { CUSTODY_FINDING_KINDS, CUSTODY_VERDICTS, custodyEventKindSchema } from '../../model/post-seal-custody.js';
import { verifyResult } from './archive-results.js';

const findingSchema = z.strictObject({
  kind: z.enum(CUSTODY_FINDING_KINDS),
  seq: z.int(),
  file: z.string(),
  detail: z.string(),
});

const comparisonSchema = z.strictObject({
  folder: z.string(),
  verdict: z.enum(CUSTODY_VERDICTS),
  same: z.int(),
  onlyHere: z.array(z.string()).readonly(),
  onlyThere: z.array(z.string()).readonly(),
  result: z.enum(['same', 'ahead', 'behind', 'forked']),
});

const texts = {
  from: z.string().nullable(),
  to: z.string().nullable(),
  location: z.string().nullable(),
  purpose: z.string().nullable(),
  authority: z.string().nullable(),
  remarks: z.string().nullable(),
  /** Of a long value only its length. */
  data: z.record(z.string(), z.union([z.string(), z.int(), z.boolean(), z.null()])),
};

/** One event of the record. Texts are as they were written. */
const eventSchema = z.strictObject({
  seq: z.int(),
  event: custodyEventKindSchema,
  at: z.string(),
  file: z.string(),
  sha256: z.string(),
  signer: z.string(),
  /** As the trust list names the signer; `null` when it does not, or the signature is not good. */
  principal: z.string().nullable(),
  answers: z.string().nullable(),
  verdict: z.string().nullable(),
  ...texts,
});

const recordSchema = z.strictObject({
  archive: z.string(),
  exhibitId: z.string(),
  folder: z.string(),
  verdict: z.enum(CUSTODY_VERDICTS),
  events: z.int(),
  findings: z.array(findingSchema).readonly(),
  findingsTotal: z.int(),
});

export const custodyAddResult = z.strictObject({
  exhibitId: z.string(),
  event: custodyEventKindSchema,
  sequence: z.int(),
  path: z.string(),
  signaturePath: z.string(),
  sha256: z.string(),
  signer: z.string(),
  verdict: z.string().nullable(),
  finished: z.string().nullable(),
});

export const custodyVerifyResult = recordSchema.extend({
  exitCode: z.int(),
  headSha256: z.string(),
  comparison: comparisonSchema.nullable(),
  /** The one line for people. */
  line: z.string(),
});

export const custodyListResult = recordSchema.extend({ events: z.array(eventSchema).readonly() });

const signatorySchema = z.strictObject({ principal: z.string().nullable(), fingerprint: z.string() });

const formEventSchema = z.strictObject({
  seq: z.int(),
  event: custodyEventKindSchema,
  at: z.string(),
  signedBy: signatorySchema.nullable(),
  ...texts,
  verdict: z.string().nullable(),
  sha256: z.string(),
});

export const custodyFormResult = z.strictObject({
  caseNumber: z.string().nullable(),
  itemNumber: z.string(),
  description: z.string(),
  source: z.string().nullable(),
  collectedBy: z.string().nullable(),
  collectedAt: z.string().nullable(),
  place: z.string().nullable(),
  method: z.string().nullable(),
  authority: z.string().nullable(),
  condition: z.string().nullable(),
  classification: z.string().nullable(),
  hold: z.string().nullable(),
  hashes: z.array(z.strictObject({ of: z.string(), algorithm: z.literal('SHA-256'), value: z.string() })).readonly(),
  sealedBy: z.string().nullable(),
  storageLocation: z.string().nullable(),
  transfers: z
    .array(
      z.strictObject({
        releasedBy: z.string().nullable(),
        receivedBy: z.string().nullable(),
        releasedAt: z.string(),
        receivedAt: z.string().nullable(),
        purpose: z.string().nullable(),
        releaserSignature: signatorySchema.nullable(),
        receiverSignature: signatorySchema.nullable(),
        verifiedByReceiver: z.string().nullable(),
      }),
    )
    .readonly(),
  events: z.array(formEventSchema).readonly(),
  disposition: formEventSchema.nullable(),
  recordVerdict: z.enum(CUSTODY_VERDICTS),
  remarks: z.array(z.string()).readonly(),
});

export const extractResult = z.strictObject({
  archive: z.string(),
  output: z.string(),
  files: z.int(),
  sizeBytes: z.int(),
  leftOut: z.int(),
  report: verifyResult,
});
