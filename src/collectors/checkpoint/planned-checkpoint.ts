import { z } from 'zod';

/** What the plan of a checkpoint carries. */
export const plannedCheckpointSchema = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  uid: z.string(),
  node: z.string(),
  nodeUid: z.string(),
  machineId: z.string(),
  container: z.string(),
  containerId: z.string().nullable(),
  state: z.string(),
  /** `<namespace>/<pod>.<uid8>/<container>`, safe. */
  folder: z.string(),
  /** `<namespace>/<pod>.<container>.<uid8>`, safe. */
  derivedFolder: z.string(),
});
export type PlannedCheckpoint = z.infer<typeof plannedCheckpointSchema>;
