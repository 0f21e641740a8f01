import { z } from 'zod';
import { plannedStepSchema, planTargetSchema } from '../model/action.js';

const auditIds = z.array(z.string()).readonly();
const plan = z.string();
const step = z.int().min(1);

export const FAILURES = [
  'refused',
  'changed-by-others',
  'target-gone',
  'target-replaced',
  'not-kept',
  'unreadable',
  'needs-another-step',
  'would-lose-the-pod',
] as const;

/** How it came that the object is as it should be: we made it so, or it was so already. */
const howSchema = z.enum(['applied', 'found']);

/** What each event of journal.jsonl has besides the fields of every chained entry. */
const journalEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('plan-begun'), plan, target: planTargetSchema }),
  z.object({ event: z.literal('step-planned'), plan, planned: plannedStepSchema }),
  /** All of its steps are in the journal: from here on the plan counts. */
  z.object({ event: z.literal('plan-ready'), plan, steps: z.int().min(0) }),
  z.object({ event: z.literal('started'), plan, step }),
  z.object({ event: z.literal('done'), plan, step, how: howSchema, after: z.json(), auditIds }),
  z.object({
    event: z.literal('failed'),
    plan,
    step,
    why: z.enum(FAILURES),
    detail: z.string(),
    /** A call of ours was made, or may have been. */
    mayHaveChanged: z.boolean(),
    now: z.json(),
    auditIds,
  }),
  z.object({ event: z.literal('undo-started'), plan, step, aim: z.json() }),
  z.object({
    event: z.literal('undone'),
    plan,
    step,
    how: z.enum(['applied', 'found', 'gone']),
    after: z.json(),
    auditIds,
  }),
  z.object({
    event: z.literal('undo-failed'),
    plan,
    step,
    why: z.enum(FAILURES),
    detail: z.string(),
    now: z.json(),
    auditIds,
  }),
  z.object({ event: z.literal('interrupted'), tornB64: z.string() }),
]);
export type JournalEvent = z.infer<typeof journalEventSchema>;
export type FailureReason = (typeof FAILURES)[number];

/** `null` for what is no entry of a journal. */
export function parseJournalEvent(entry: unknown): JournalEvent | null {
  const parsed = journalEventSchema.safeParse(entry);
  return parsed.success ? parsed.data : null;
}
