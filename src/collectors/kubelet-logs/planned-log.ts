import { z } from 'zod';
import type { PlannedArtifact } from '../../model/artifact.js';
import { keyPart, urlPart } from '../segments.js';

const nodeShape = { node: z.string(), uid: z.string(), machineId: z.string(), segment: z.string() };

export const plannedLogSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('tree'), ...nodeShape }),
  z.strictObject({ type: z.literal('query'), ...nodeShape, service: z.string() }),
  /** Names below `/logs/`, each in base64: they are bytes. */
  z.strictObject({ type: z.literal('file'), ...nodeShape, names: z.array(z.string()).min(1) }),
]);
export type PlannedLog = z.infer<typeof plannedLogSchema>;
export type PlannedNode = Pick<PlannedLog, 'node' | 'uid' | 'machineId' | 'segment'>;

export function logsUrl(node: string): string {
  return `/api/v1/nodes/${urlPart(node)}/proxy/logs/`;
}

/** The walk over a node's log folder; `tree-again` where files had moved since the first one. */
export function plannedTree(
  { node, uid, machineId, segment }: PlannedNode,
  name: 'tree' | 'tree-again',
): PlannedArtifact {
  const data: PlannedLog = { type: 'tree', node, uid, machineId, segment };
  return { artifact: `kubelet-logs/${keyPart(node)}/${name}`, required: true, source: logsUrl(node), node, data };
}
