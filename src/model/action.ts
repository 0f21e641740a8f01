import { z } from 'zod';
import { CLOUD_ACTION_KINDS, type CloudSubject, cloudSubjectName, cloudSubjectSchema } from './cloud.js';

/** Kinds of changes to objects of the API; each is one file in src/plan/actions, as are those of `CLOUD_ACTION_KINDS`. */
export const CLUSTER_ACTION_KINDS = [
  'annotate',
  'cordon-node',
  'taint-node',
  'pin-pod',
  'deny-network',
  'deny-cilium',
  'deny-calico',
  'detach-pod',
  'evict-pod',
] as const;
export type ClusterActionKindName = (typeof CLUSTER_ACTION_KINDS)[number];

/** `exact`: undoing brings back what was. `compensated`: undoing brings back something that serves, and says what not. */
export const reversibilitySchema = z.enum(['exact', 'compensated', 'irreversible']);
export type Reversibility = z.infer<typeof reversibilitySchema>;

/** An object of the API. `uid` is `null` for one that is to be made. */
export const actionSubjectSchema = z.strictObject({
  group: z.string(),
  version: z.string(),
  resource: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  uid: z.string().nullable(),
});
export type ActionSubject = z.infer<typeof actionSubjectSchema>;

/** What a step changes. */
export const stepSubjectSchema = z.union([actionSubjectSchema, cloudSubjectSchema]);

/**
 * A change as it was planned. `before` and `intended` are views: what the kind of action looks at of the object, and nothing else, so that
 * a change of anything else by anybody is none of our business. Together with the number of the plan, `step` is the key under which the
 * change is made once.
 */
const stepFields = {
  step: z.int().min(1),
  /** As `--skip` and the screen call it: `cordon`, `deny-policy`. */
  name: z.string(),
  /** `protect` keeps evidence from being destroyed, `contain` takes something away from the suspect. */
  phase: z.enum(['protect', 'contain']),
  before: z.json(),
  intended: z.json(),
  reversibility: reversibilitySchema,
  /** What undoing does, in words. */
  undo: z.string(),
  /** Steps without which this one is not done. */
  needs: z.array(z.int().min(1)).readonly(),
};

/** A change to an object of the API. */
const clusterStepSchema = z.strictObject({
  ...stepFields,
  kind: z.enum(CLUSTER_ACTION_KINDS),
  subject: actionSubjectSchema,
});
export type ClusterStep = z.infer<typeof clusterStepSchema>;

/** A change to a thing of a cloud. */
const cloudStepSchema = z.strictObject({
  ...stepFields,
  kind: z.enum(CLOUD_ACTION_KINDS),
  subject: cloudSubjectSchema,
});
export type CloudStep = z.infer<typeof cloudStepSchema>;

export const plannedStepSchema = z.discriminatedUnion('kind', [clusterStepSchema, cloudStepSchema]);
export type PlannedStep = z.infer<typeof plannedStepSchema>;

const CLOUD_KINDS: ReadonlySet<string> = new Set(CLOUD_ACTION_KINDS);

export function isCloudStep(step: PlannedStep): step is CloudStep {
  return CLOUD_KINDS.has(step.kind);
}

/** The object that a step changes; `null` = it changes a thing of a cloud. */
export function objectOf(step: PlannedStep): ActionSubject | null {
  return isCloudStep(step) ? null : step.subject;
}

/** `hold` takes nothing away from a node, `isolate` its network but for what collection needs, `sever` all of it and its rights. */
export const LEVELS = ['hold', 'isolate', 'sever'] as const;
export type Level = (typeof LEVELS)[number];

/** What a suspect is, since each kind takes the loss of its labels differently. */
const suspectKindSchema = z.enum([
  ...(['deployment', 'replicaset', 'statefulset', 'daemonset'] as const),
  ...(['job', 'static', 'bare', 'other'] as const),
]);
export type SuspectKind = z.infer<typeof suspectKindSchema>;

const plannedSuspectSchema = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  kind: suspectKindSchema,
  /** Of its controller; `null` = it had none. */
  ownerUid: z.string().nullable(),
  /** Names of the first Services that sent traffic to it, and how many more did. */
  services: z.array(z.string()).readonly(),
  moreServices: z.int().min(0),
  /** On which it was; left out by earlier versions. */
  node: z.string().optional(),
  /** A taint of its node keeps its controller from making another pod there. */
  keptOut: z.literal(true).optional(),
});
export type PlannedSuspect = z.infer<typeof plannedSuspectSchema>;

/** What a plan is about. */
export const planTargetSchema = z.strictObject({
  /** `node worker-3`, `pod shop/cart-7d9f`; several with a comma. */
  name: z.string(),
  /** Of the nodes and suspects that it is about, sorted: the same name is not the same thing. */
  uids: z.array(z.string()).readonly(),
  clusterUid: z.string().nullable(),
  level: z.enum(LEVELS),
  /** The request in a fixed form: the same one goes on with the plan. */
  asked: z.string(),
  /** As they were before the first step: once a suspect is detached, its controller and its Services are not to be read from it. */
  suspects: z.array(plannedSuspectSchema).readonly().optional(),
  /** UIDs of the pods that the controllers of the suspects had then; `null` = too many to be kept. */
  siblings: z.array(z.string()).readonly().nullable().optional(),
});
export type PlanTarget = z.infer<typeof planTargetSchema>;

/** `pods shop/cart-7d9f`, `aws i-0abc network-interface eni-0abc` */
export function subjectName(subject: Omit<ActionSubject, 'uid'> | CloudSubject): string {
  if ('cloud' in subject) return cloudSubjectName(subject);
  const { resource, namespace, name } = subject;
  return `${resource} ${namespace === null ? name : `${namespace}/${name}`}`;
}
