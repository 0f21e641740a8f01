import { z } from 'zod';
import type { Volatility } from '../model/artifact.js';
import { collectorPodSettingsSchema } from '../model/collector-pod-settings.js';
import { kindSchema } from '../model/exhibit.js';
import type { Tool } from '../model/exhibit.js';
import { NODE_RATE_BYTES_PER_SECOND, NO_SSH, sshSettingsSchema } from '../model/node-settings.js';
import { nodeTargetSchema } from '../model/target.js';
import type { ActionRecord } from '../ports/action-record.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { ContainerCheckpointer } from '../ports/container-checkpointer.js';
import type { Collector } from '../ports/collector.js';
import type { Io } from '../ports/io.js';
import { NODE_RUNGS } from '../ports/node-access.js';
import type { NodeAccessRung } from '../ports/node-access.js';
import type { RequestLog } from '../ports/request-log.js';
import type { Timestamper } from '../ports/timestamper.js';
import type { CaseStore } from '../evidence/case-store.js';

/** What is to be collected; kept in the run's directory so that `resume` needs nothing else. No secrets in it. */
export const collectRequestSchema = z.strictObject({
  scope: z.strictObject({
    all: z.boolean(),
    nodes: z.array(z.string()).readonly(),
    pods: z.array(z.string()).readonly(),
    namespaces: z.array(z.string()).readonly(),
  }),
  kubelet: z.boolean(),
  /** Ways to the nodes in the order in which they are tried; none = nothing runs on a node. */
  nodeAccess: z.array(z.enum(NODE_RUNGS)).readonly().default([]),
  /** Bytes a second from one node; `null` = not held back. */
  nodeRateBytesPerSecond: z.int().min(1).nullable().default(NODE_RATE_BYTES_PER_SECOND),
  ssh: sshSettingsSchema.default(NO_SSH),
  /** `null` = no collector pod is made. */
  collectorPod: collectorPodSettingsSchema.nullable().default(null),
  /** One machine or one mounted disk is read and no cluster is asked; `null` = the targets come from a cluster. */
  withoutCluster: z
    .discriminatedUnion('from', [
      z.strictObject({ from: z.literal('this-machine'), node: nodeTargetSchema }),
      z.strictObject({ from: z.literal('disk'), node: nodeTargetSchema, path: z.string() }),
    ])
    .nullable()
    .default(null),
  profileName: z.string(),
  /** Collector ids in the order of the profile. */
  collectors: z.array(z.string()).readonly(),
  profileText: z.string(),
  configText: z.string(),
  kind: kindSchema,
  limits: z.strictObject({
    maxLogBytes: z.int().min(1).nullable(),
    sinceTime: z.string().nullable(),
    idleTimeoutMs: z.int().min(1),
    statsSeconds: z.int().min(0).optional(),
    checkpoints: z.array(z.string()).readonly().optional(),
    memory: z.boolean().optional(),
  }),
});
export type CollectRequest = z.infer<typeof collectRequestSchema>;

/** What the ways to the nodes are made from. */
export type RungRequest = Pick<
  CollectRequest,
  'nodeAccess' | 'nodeRateBytesPerSecond' | 'ssh' | 'collectorPod' | 'withoutCluster'
>;

/** Where the ways to the nodes write down what they ask of the cluster and what they change in it. */
export interface RungRecords {
  readonly requests: RequestLog;
  readonly changes: ActionRecord;
}

export interface CollectDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  readonly store: CaseStore;
  readonly caseId: string;
  readonly tool: Tool;
  readonly os: { readonly user: string; readonly host: string };
  /** All that exist; the request selects. */
  readonly collectors: readonly Collector[];
  readonly connect: (log: RequestLog) => Promise<ClusterReader>;
  /** Makes the rungs that the request names; default none. */
  readonly rungs?: (request: RungRequest, records: RungRecords) => Promise<readonly NodeAccessRung[]>;
  /** For what cannot be had without changing something; asked only where it was asked for. */
  readonly checkpointer?: (log: RequestLog) => Promise<ContainerCheckpointer>;
  readonly signal: AbortSignal;
  /** Awaited before the first artifact of a tier of volatility is begun; default nothing. */
  readonly beforeTier?: (tier: Volatility) => Promise<void>;
  /** Asked for tokens over the custody log, at the opening and at each heartbeat; default none. */
  readonly timestampers?: readonly Timestamper[];
  /** Between two entries that say that the run is alive; default ten minutes. */
  readonly heartbeatMs?: number;
}
