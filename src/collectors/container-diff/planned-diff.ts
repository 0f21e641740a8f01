import { z } from 'zod';

/** What the plan of a container's diff carries. */
export const plannedDiffSchema = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  uid: z.string(),
  node: z.string(),
  nodeUid: z.string(),
  machineId: z.string(),
  container: z.string(),
  /** As the API says: `containerd://<64 hex>`; `null` = never created. */
  containerId: z.string().nullable(),
  imageId: z.string().nullable(),
  state: z.string(),
  /** `<namespace>/<pod>.<uid8>/<container>`, safe. */
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
