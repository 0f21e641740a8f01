import { z } from 'zod';
import { instantSchema } from './instant.js';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** One line of meta/requests.jsonl. A call without an answer has `status` null and says why in `error`. Sizes in bytes. */
export const requestRecordSchema = z.strictObject({
  seq: z.int().min(1),
  method: z.string(),
  url: z.string(),
  status: z.int().nullable(),
  auditIdSent: z.string(),
  auditIdAnswered: z.string().nullable(),
  serverDate: z.string().nullable(),
  sizeBytes: z.int().min(0),
  /** SHA-256 of the body bytes received, whole or not. */
  sha256: sha256Schema.nullable(),
  tlsPeerSha256: sha256Schema.nullable(),
  sentAt: instantSchema,
  firstByteAt: instantSchema.nullable(),
  lastByteAt: instantSchema.nullable(),
  error: z.string().nullable(),
});
export type RequestRecord = z.infer<typeof requestRecordSchema>;

/** One line of meta/clock.jsonl: how far a source's clock is from ours, as an interval that contains the truth. */
export const clockRecordSchema = z.strictObject({
  source: z.string(),
  at: instantSchema,
  phase: z.enum(['open', 'during', 'seal']),
  /** Remote minus local, milliseconds. */
  offsetMinMs: z.int(),
  offsetMaxMs: z.int(),
  roundTripMs: z.int().min(0),
});
export type ClockRecord = z.infer<typeof clockRecordSchema>;
