import { z } from 'zod';

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
  sha256: z.string().nullable(),
  tlsPeerSha256: z.string().nullable(),
  sentAt: z.string(),
  firstByteAt: z.string().nullable(),
  lastByteAt: z.string().nullable(),
  error: z.string().nullable(),
});
export type RequestRecord = z.infer<typeof requestRecordSchema>;

/** One line of meta/clock.jsonl: how far a source's clock is from ours, as an interval that contains the truth. */
export const clockRecordSchema = z.strictObject({
  source: z.string(),
  at: z.string(),
  phase: z.enum(['open', 'during', 'seal']),
  /** Remote minus local, milliseconds. */
  offsetMinMs: z.int(),
  offsetMaxMs: z.int(),
  roundTripMs: z.int().min(0),
});
export type ClockRecord = z.infer<typeof clockRecordSchema>;
