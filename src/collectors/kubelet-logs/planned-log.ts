import { z } from 'zod';
import { urlPart } from '../segments.js';

const nodeShape = { node: z.string(), uid: z.string(), segment: z.string() };

export const plannedLogSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('tree'), ...nodeShape }),
  z.strictObject({ type: z.literal('query'), ...nodeShape, service: z.string() }),
  /** Names below `/logs/`, each in base64: they are bytes. */
  z.strictObject({ type: z.literal('file'), ...nodeShape, names: z.array(z.string()).min(1) }),
]);
export type PlannedLog = z.infer<typeof plannedLogSchema>;
export type PlannedNode = Pick<PlannedLog, 'node' | 'uid' | 'segment'>;

export function logsUrl(node: string): string {
  return `/api/v1/nodes/${urlPart(node)}/proxy/logs/`;
}
