import { z } from 'zod';
import { instantSchema } from './instant.js';
import { outcomeSchema } from './outcome.js';

/** From where the bytes were seen: what a hostile node could have forged depends on it. */
export const vantageSchema = z.enum(['api', 'kubelet', 'live-kernel', 'offline-disk', 'cloud']);
export type Vantage = z.infer<typeof vantageSchema>;

export const sensitivitySchema = z.enum(['normal', 'personal', 'secret']);
export type Sensitivity = z.infer<typeof sensitivitySchema>;

/** Order of volatility, RFC 3227 for Kubernetes. */
export const VOLATILITIES = ['V0', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const;
export type Volatility = (typeof VOLATILITIES)[number];

/** One line of meta/plan.jsonl, written before the read that it plans. `artifact` is the key that ties plan, outcome and items. */
export const planRecordSchema = z.strictObject({
  artifact: z.string(),
  collector: z.string(),
  required: z.boolean(),
  source: z.string(),
  plannedAt: instantSchema,
});
export type PlanRecord = z.infer<typeof planRecordSchema>;

/** What the bytes are about. `before` and `after` are read around the acquisition; `null` where the source has no such thing. */
const observedSchema = z.strictObject({ before: z.int().nullable(), after: z.int().nullable() });
export const subjectSchema = z.strictObject({
  nodeUid: z.string().optional(),
  machineId: z.string().optional(),
  podUid: z.string().optional(),
  containerId: z.string().optional(),
  /** The container id read again after the acquisition, where it differs from `containerId`. */
  containerIdAfter: z.string().optional(),
  restartCount: observedSchema.optional(),
});
export type Subject = z.infer<typeof subjectSchema>;

export const sourceSchema = z.strictObject({
  uri: z.string().optional(),
  argv: z.array(z.string()).optional(),
  method: z.string(),
  auditId: z.string().optional(),
  requestId: z.string().optional(),
  status: z.int().optional(),
});
export type ItemSource = z.infer<typeof sourceSchema>;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** One line of meta/items.jsonl, one per payload file. Sizes in bytes, times RFC 3339 UTC. */
export const itemRecordSchema = z.strictObject({
  path: z.string(),
  artifact: z.string(),
  subject: subjectSchema,
  vantage: vantageSchema,
  sha256: sha256Schema,
  sizeBytes: z.int().min(0),
  part: z
    .strictObject({ n: z.int().min(1), of: z.int().min(1), wholeSha256: sha256Schema, wholeSizeBytes: z.int().min(0) })
    .optional(),
  collector: z.string(),
  source: sourceSchema,
  nameB64: z.string().optional(),
  nameDisplay: z.string().optional(),
  firstByteAt: instantSchema.nullable(),
  lastByteAt: instantSchema.nullable(),
  outcome: outcomeSchema,
  truncated: z.strictObject({ limit: z.int().min(0), reason: z.string() }).optional(),
  rereadSha256: sha256Schema,
  /** Whether the source changed while it was read; `null` where that cannot be known. */
  sourceChanged: z.boolean().nullable(),
  derivedFrom: z.array(z.string()).optional(),
  sensitivity: sensitivitySchema,
});
export type ItemRecord = z.infer<typeof itemRecordSchema>;

/** An artifact before it is read. */
export interface PlannedArtifact {
  /** Unique in the exhibit; by convention `<collector>/<what>`; at most 1,024 bytes of printable ASCII. */
  readonly artifact: string;
  readonly required: boolean;
  /** Where it will be read: a URL path, a command. */
  readonly source: string;
  /** The node whose kubelet must answer; streams are limited per node. */
  readonly node?: string;
  /** Where it differs from the collector's. */
  readonly volatility?: Volatility;
  /** What the collector needs to know to read it. JSON only: it waits in a queue file and survives a crash there. */
  readonly data?: unknown;
}
