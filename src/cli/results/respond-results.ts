import { z } from 'zod';
import { containedSchema, PHASES } from '../../workflows/respond/respond-state.js';
import { collectResult, planResult } from './archive-results.js';
import { quarantinePlanResult } from './containment-results.js';

export const respondResult = z.strictObject({
  case: z.string(),
  exhibitId: z.string(),
  /** `node worker-3`, `pod shop/cart-7d9f` */
  target: z.string(),
  confirmedAt: z.string(),
  phases: z
    .array(
      z.strictObject({
        phase: z.enum(PHASES),
        outcome: z.enum(['done', 'partial', 'failed', 'skipped']),
        reason: z.string(),
        startedAt: z.string(),
        endedAt: z.string(),
      }),
    )
    .readonly(),
  /** `null` = no step of it was come to. */
  containment: containedSchema.nullable(),
  /** `null` = an earlier process made it, or it failed. */
  collected: collectResult.nullable(),
  /** `null` = it is not sealed. */
  sealed: z.strictObject({ archivePath: z.string(), receiptPath: z.string(), gaps: z.int() }).nullable(),
});

export const respondPlanResult = z.strictObject({
  phases: z.array(z.strictObject({ phase: z.enum(PHASES), does: z.string() })).readonly(),
  containment: quarantinePlanResult,
  collection: planResult,
});
