import { z } from 'zod';
import { CONTAINMENT_VERDICTS } from '../../workflows/quarantine/verdict.js';
import { containmentCheckResult } from './containment-check-result.js';
import { planTargetSchema, reversibilitySchema, stepSubjectSchema } from '../../model/action.js';

const stepFields = {
  step: z.int(),
  name: z.string(),
  kind: z.string(),
  phase: z.enum(['protect', 'contain']),
  subject: stepSubjectSchema,
  reversibility: reversibilitySchema,
  /** What undoing does. */
  undo: z.string(),
  before: z.json(),
  intended: z.json(),
};

const reportFields = {
  ...stepFields,
  outcome: z.enum(['applied', 'found', 'held', 'failed', 'undone', 'gone', 'undo-failed', 'left']),
  /** Why it failed; `null` when it did not. */
  why: z.string().nullable(),
  detail: z.string(),
  /** What is there now of what the step is about; `null` = nothing, or it could not be read. */
  now: z.json(),
};

const pod = { namespace: z.string(), name: z.string(), uid: z.string() };

/** Who came and went since a plan was made that is gone on with; empty of a new one. */
const sinceFields = {
  /** Pods that match now what was asked for, and that no step of the plan is about. `isReplacement`: the controller of a suspect made it. */
  notInPlan: z.array(z.strictObject({ ...pod, node: z.string(), isReplacement: z.boolean() })).readonly(),
  /** Suspects of the plan that are no longer there. `replacedBy`: UID of the pod that bears the name now. */
  gone: z.array(z.strictObject({ ...pod, replacedBy: z.string().nullable() })).readonly(),
};

export const quarantinePlanResult = z.strictObject({
  target: planTargetSchema,
  /** The plan of the case that the command would go on with; `null` = it would begin a new one. */
  resumes: z.string().nullable(),
  ...sinceFields,
  steps: z
    .array(
      z.strictObject({
        ...stepFields,
        /** By the journal; `begun`: it has no end there. `null` = of a new plan. */
        state: z.enum(['not-begun', 'begun', 'done', 'failed']).nullable(),
        /** It is so now: nothing would be written. */
        holds: z.boolean(),
        /** Why the server would refuse it; `null` = it would do it, or needs not. */
        refusedBy: z.string().nullable(),
      }),
    )
    .readonly(),
  rights: z
    .array(z.strictObject({ verb: z.string(), resource: z.string(), allowed: z.boolean().nullable(), why: z.string() }))
    .readonly(),
  sideEffects: z.array(z.string()).readonly(),
  notAchieved: z.array(z.string()).readonly(),
});

export const quarantineResult = z.strictObject({
  case: z.string(),
  exhibitId: z.string(),
  plan: z.string(),
  target: planTargetSchema,
  verdict: z.enum(CONTAINMENT_VERDICTS),
  /** What speaks against it, then what it rests on. */
  reasons: z.array(z.string()).readonly(),
  /** What it is not for, however well it goes. */
  notAchieved: z.array(z.string()).readonly(),
  checks: z.array(containmentCheckResult).readonly(),
  sideEffects: z.array(z.string()).readonly(),
  ...sinceFields,
  steps: z.array(z.strictObject(reportFields)).readonly(),
  /** Pods that the suspects' controllers made in their place; `null` = they could not be listed. */
  replacements: z
    .array(
      z.strictObject({
        namespace: z.string(),
        name: z.string(),
        uid: z.string(),
        node: z.string(),
        ownerUid: z.string(),
      }),
    )
    .readonly()
    .nullable(),
});

export const releaseResult = z.strictObject({
  case: z.string(),
  exhibitId: z.string(),
  verdict: z.enum(['released', 'remaining']),
  plans: z
    .array(
      z.strictObject({
        plan: z.string(),
        target: planTargetSchema,
        steps: z.array(z.strictObject(reportFields)).readonly(),
        comparison: z
          .array(
            z.strictObject({
              ...stepFields,
              state: z.enum(['as-before', 'differs', 'gone', 'unreadable']),
              now: z.json(),
            }),
          )
          .readonly(),
        remaining: z.array(z.int()).readonly(),
        /** Where a suspect has more of the network than before it was contained. */
        warnings: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
});
