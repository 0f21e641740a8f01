import { z } from 'zod';

export const containerTargetSchema = z.strictObject({
  name: z.string(),
  role: z.enum(['init', 'main', 'ephemeral']),
  /** `null` while the container has never been created. */
  containerId: z.string().nullable(),
  restartCount: z.int().min(0),
  /** waiting, running, terminated or unknown, as the API says. */
  state: z.enum(['waiting', 'running', 'terminated', 'unknown']),
  stateReason: z.string(),
  /** The API knows a previous instance (lastState.terminated with a container id, or restartCount above 0). */
  hasPrevious: z.boolean(),
  /** As the runtime told the API; left out = not known. Its form differs between runtimes. */
  imageId: z.string().optional(),
});
export type ContainerTarget = z.infer<typeof containerTargetSchema>;

/** A pod as it was when the targets were frozen. */
export const podTargetSchema = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** Empty while the pod is not scheduled. */
  node: z.string(),
  phase: z.string(),
  containers: z.array(containerTargetSchema),
});
export type PodTarget = z.infer<typeof podTargetSchema>;

export const nodeTargetSchema = z.strictObject({
  name: z.string(),
  uid: z.string(),
  machineId: z.string(),
  ready: z.boolean(),
  /** As the Node object says; empty or left out = not known. */
  bootId: z.string().optional(),
  internalIp: z.string().optional(),
});
export type NodeTarget = z.infer<typeof nodeTargetSchema>;

/** A listable resource that the server announces. */
export const apiResourceSchema = z.strictObject({
  group: z.string(),
  version: z.string(),
  resource: z.string(),
  kind: z.string(),
  namespaced: z.boolean(),
  verbs: z.array(z.string()),
  /** Served by an aggregated API server or converted by a webhook: read last, one at a time, time-boxed. */
  delegated: z.boolean(),
});
export type ApiResource = z.infer<typeof apiResourceSchema>;
