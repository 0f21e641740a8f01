import { z } from 'zod';
import { urlPart } from '../segments.js';

/** What travels from plan to read: one instance of one container. */
export const plannedLogSchema = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  uid: z.string(),
  node: z.string(),
  /** Of the node where it is among the frozen targets; otherwise empty. */
  nodeUid: z.string(),
  machineId: z.string(),
  container: z.string(),
  which: z.enum(['current', 'previous']),
  /** The instance that is wanted, as known when it was planned; `null` = whichever there is. */
  containerId: z.string().nullable(),
  /** `data/pods/<namespace>/<pod>.<uid8>/<container>`. */
  folder: z.string(),
  /** Beginning of the file name: `current`, `previous`, `previous-r3`. */
  file: z.string(),
});
export type PlannedLog = z.infer<typeof plannedLogSchema>;

export function podPath({ namespace, pod }: Pick<PlannedLog, 'namespace' | 'pod'>): string {
  return `/api/v1/namespaces/${urlPart(namespace)}/pods/${urlPart(pod)}`;
}
