import { z } from 'zod';
import { instantSchema } from './instant.js';

/**
 * How a planned artifact ended. Exactly one each.
 * `empty`: the source answered, whole and well-formed, with nothing. `absent`: the source proves that it does not exist.
 */
export const OUTCOMES = ['collected', 'partial', 'empty', 'absent', 'denied', 'failed', 'skipped'] as const;
export const outcomeSchema = z.enum(OUTCOMES);
export type Outcome = z.infer<typeof outcomeSchema>;

/** Evidence for an outcome: HTTP status, errno, limit, what was compared. Values are short ASCII strings or integers. */
export const proofSchema = z.record(z.string(), z.union([z.string(), z.int(), z.boolean()]));
export type Proof = z.infer<typeof proofSchema>;

/** One line of meta/outcomes.jsonl. `reason` is a short kebab-case word from a stable vocabulary, `detail` is for people. */
export const outcomeRecordSchema = z.strictObject({
  artifact: z.string(),
  collector: z.string(),
  required: z.boolean(),
  outcome: outcomeSchema,
  reason: z.string(),
  detail: z.string(),
  proof: proofSchema,
  attempts: z.int().min(0),
  at: instantSchema,
});
export type OutcomeRecord = z.infer<typeof outcomeRecordSchema>;

/** A gap: a required artifact that ended partial, denied, failed or skipped. `empty` and `absent` carry their proof and are none. */
export function isGap(record: Pick<OutcomeRecord, 'outcome' | 'required'>): boolean {
  if (!record.required) return false;
  switch (record.outcome) {
    case 'partial':
    case 'denied':
    case 'failed':
    case 'skipped':
      return true;
    case 'collected':
    case 'empty':
    case 'absent':
      return false;
  }
}

export type Completeness = 'complete' | 'partial' | 'failed';

export type OutcomeCounts = Record<Outcome, number>;

export function emptyOutcomeCounts(): OutcomeCounts {
  return { collected: 0, partial: 0, empty: 0, absent: 0, denied: 0, failed: 0, skipped: 0 };
}
