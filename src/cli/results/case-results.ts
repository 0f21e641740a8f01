import { z } from 'zod';
import { authoritySchema } from '../../model/case.js';
import { kindSchema } from '../../model/exhibit.js';

const exhibitSchema = z.strictObject({
  exhibitId: z.string(),
  state: z.enum(['open', 'sealed', 'given-up']),
  /** The encrypted one where the plaintext was removed. */
  archive: z.string().nullable(),
  /** `null` = never asked for. An unfinished one is ended by the next `seal`. */
  encryption: z.enum(['unfinished', 'done']).nullable(),
  /** `null` when its spool no longer says. */
  kind: kindSchema.nullable(),
  /** Of an open one; counts of artifacts. */
  progress: z
    .strictObject({ planned: z.int(), read: z.int(), requiredNotRead: z.int(), finished: z.boolean() })
    .nullable(),
});

export const caseSchema = z.strictObject({
  caseId: z.string(),
  reference: z.string(),
  state: z.enum(['open', 'closed']),
  openedAt: z.string(),
  /** The case that commands without --case work on. */
  inUse: z.boolean(),
  exhibits: z.array(exhibitSchema).readonly(),
});

export const caseListResult = z.strictObject({ cases: z.array(caseSchema).readonly() });

export const caseShowResult = caseSchema.extend({
  reason: z.string(),
  authority: authoritySchema,
  operator: z.string(),
  hold: z.string().nullable(),
  privilege: z.string().nullable(),
  directory: z.string(),
});

export const caseUseResult = z.strictObject({ caseId: z.string() });
export const caseCloseResult = z.strictObject({
  caseId: z.string(),
  state: z.literal('closed'),
  /** Containments that stay as they are; nothing takes them back any more. */
  abandoned: z
    .array(
      z.strictObject({
        plan: z.string(),
        target: z.string(),
        remaining: z.array(z.string()).readonly(),
        moreRemaining: z.int(),
      }),
    )
    .readonly(),
});
