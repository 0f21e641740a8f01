import { z } from 'zod';

/** A node of which no pods are known beforehand: its containers are those that the runtimes' stores name. */
export const plannedNodeSchema = z.strictObject({
  node: z.string(),
  nodeUid: z.string(),
  machineId: z.string(),
  nodeSegment: z.string(),
});
export type PlannedNode = z.infer<typeof plannedNodeSchema>;

/** What the plan of a container's diff carries. */
export const plannedDiffSchema = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  uid: z.string(),
  node: z.string(),
  nodeUid: z.string(),
  machineId: z.string(),
  container: z.string(),
  /** As the API says: `containerd://<64 hex>`, or made so of what a store says; `null` = never created. */
  containerId: z.string().nullable(),
  imageId: z.string().nullable(),
  state: z.string(),
  /** Earlier containers of the same name and pod are looked for in the runtime's store. */
  hasPrevious: z.boolean(),
  /** The node as part of a path. */
  nodeSegment: z.string(),
  /** `data/pods/<namespace>/<pod>.<uid8>/<container>`, safe; of a container of no pod `data/nodes/<node>/container-diff/<id>`. */
  folder: z.string(),
  /** `<namespace>/<pod>.<container>.<uid8>`, safe: a path below data/derived has less room. */
  derivedFolder: z.string(),
});
export type PlannedDiff = z.infer<typeof plannedDiffSchema>;

export interface DiffLimits {
  /** Bytes on disk of a container's writable layer that are taken. */
  readonly maxUpperBytes: number;
  /** The same of each volume whose content is taken. */
  readonly maxVolumeBytes: number;
  /** Entries of a layer that are judged one by one. */
  readonly maxEntries: number;
}
