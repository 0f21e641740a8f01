import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateFile, replaceFile } from '../../evidence/private-files.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { parseJson } from '../../lib/untyped.js';
import { LEVELS } from '../../model/action.js';
import { cloudSchema } from '../../model/cloud.js';
import { ExhibitError } from '../../model/errors.js';
import { instantSchema } from '../../model/instant.js';
import { collectRequestSchema } from '../collect-request.js';
import { ORDERS, STEP_NAMES } from '../quarantine/quarantine-request.js';

/** In the order in which they are begun; `rest` begins when `contain` is at its end. */
export const PHASES = ['vanishing', 'protect', 'snapshot', 'volatile', 'contain', 'rest', 'seal'] as const;
export type Phase = (typeof PHASES)[number];

const texts = z.array(z.string()).readonly();

const phaseRecordSchema = z.strictObject({
  phase: z.enum(PHASES),
  /** `skipped`: there was nothing to do. `null` = begun, and not at its end. */
  outcome: z.enum(['done', 'partial', 'failed', 'skipped']).nullable(),
  /** Why it is not `done`; of a `done` one what it did. */
  reason: z.string(),
  startedAt: instantSchema,
  endedAt: instantSchema.nullable(),
});
export type PhaseRecord = z.infer<typeof phaseRecordSchema>;

/** What is kept of a containment for the end of a response that several processes made. */
export const containedSchema = z.strictObject({
  plan: z.string(),
  verdict: z.string(),
  reasons: texts,
  steps: z
    .array(
      z.strictObject({
        step: z.int(),
        name: z.string(),
        subject: z.string(),
        outcome: z.string(),
        why: z.string().nullable(),
      }),
    )
    .readonly(),
  /** Pods that the suspects' controllers made in their place; `null` = not known. */
  replacements: texts.nullable(),
});
export type Contained = z.infer<typeof containedSchema>;

/** What was asked for and confirmed; `resume` needs nothing else of it. No secrets in it. */
const respondRequestSchema = z.strictObject({
  target: z.enum(['node', 'pod']),
  names: texts,
  /** As --suspect takes them. */
  suspects: texts,
  skip: z.array(z.enum(STEP_NAMES)).readonly(),
  maxNodes: z.int().min(1),
  allowedNodes: texts,
  level: z.enum(LEVELS),
  order: z.enum(ORDERS),
  cloud: cloudSchema.nullable(),
  keepReachable: texts,
  /** Left out = no. */
  suspendScaling: z.boolean().optional(),
  loseVolatile: texts,
  /** How it is seen whether the containment holds, as the flags say it; `null` = not said. */
  recheckAt: z.string().nullable(),
  probe: texts,
  probeAllowed: texts,
  /** Since the confirmation: then containment waits for nothing any more. */
  containAfterMs: z.int().min(0),
  collect: collectRequestSchema,
  /** Of the seal, as the flags name them; `null` = not named. */
  key: z.string().nullable(),
  countersign: texts,
  tsa: texts.nullable(),
  classification: z.string().nullable(),
});
export type RespondRequest = z.infer<typeof respondRequestSchema>;

export const respondStateSchema = z.strictObject({
  format: z.literal('exhibit-respond/1'),
  exhibitId: z.string(),
  request: respondRequestSchema,
  /** UIDs of what was confirmed: the same name is not the same thing. */
  uids: texts,
  suspects: z.array(z.strictObject({ namespace: z.string(), name: z.string() })).readonly(),
  confirmedAt: instantSchema,
  /** How many collections the exhibit had before. */
  earlierRuns: z.int().min(0),
  /** Number of the collection that reads all tiers; `null` = it was not begun. */
  run: z.int().min(1).nullable(),
  phases: z.array(phaseRecordSchema).readonly(),
  contained: containedSchema.nullable(),
});
export type RespondState = z.infer<typeof respondStateSchema>;

const pathOf = (caseDirectory: string): string => join(caseDirectory, 'respond.json');

/** The last response of a case; `null` = there was none. Throws `CASE_CORRUPT`. */
export async function readRespondState(caseDirectory: string): Promise<RespondState | null> {
  const path = pathOf(caseDirectory);
  const bytes = await readPrivateFile(path);
  if (bytes === null) return null;
  const state = respondStateSchema.safeParse(parseJson(bytes));
  if (state.success) return state.data;
  throw new ExhibitError('CASE_CORRUPT', 'the state of a response is damaged; what it collected and changed is not', {
    subject: path,
    hints: ['exhibit seal', 'exhibit release'],
  });
}

/** Atomic and durable. Throws `STORAGE_FULL`, `STORAGE_FAILED`. */
export async function writeRespondState(caseDirectory: string, state: RespondState): Promise<void> {
  await replaceFile(pathOf(caseDirectory), `${asciiJson(state)}\n`);
}

/** The same request is the same text; how it is collected and sealed is that of the first one. */
export function askedOf(request: RespondRequest): string {
  const { target, names, suspects, skip, level, order, cloud, keepReachable, suspendScaling = false } = request;
  const suspending = suspendScaling ? { suspendScaling } : {};
  return asciiJson({ target, names, suspects, skip, level, order, cloud, keepReachable, ...suspending });
}

export function endedPhase({ phases }: Pick<RespondState, 'phases'>, phase: Phase): PhaseRecord | null {
  const record = phases.find((one) => one.phase === phase);
  return record === undefined || record.outcome === null ? null : record;
}
