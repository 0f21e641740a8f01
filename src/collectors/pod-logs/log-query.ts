import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import type { CollectContext } from '../../ports/collector.js';
import type { ReadRequest } from '../../ports/cluster-reader.js';
import { podPath, type PlannedLog } from './planned-log.js';

/** The instant without its fraction: `sinceTime` has whole seconds (kubernetes/kubernetes#77856). `null` when it is none. */
export function wholeSecond(time: string): string | null {
  const atMs = parseInstant(time);
  return atMs === null ? null : toRfc3339(Math.floor(atMs / 1000) * 1000).replace('.000Z', 'Z');
}

export interface LogWindow {
  readonly sinceTime: string | null;
  readonly maxBytes: number | null;
  /** Whether the server is told of the limit, so that the kubelet does not send what we would drop. */
  readonly tellLimit: boolean;
}

/** The request for a log. Always with times: a line that does not begin with one was not written by the container. */
export function logRequest(log: PlannedLog, window: LogWindow, context: CollectContext): ReadRequest {
  const query: [string, string][] = [
    ['container', log.container],
    ['timestamps', 'true'],
  ];
  if (log.which === 'previous') query.push(['previous', 'true']);
  if (window.sinceTime !== null) query.push(['sinceTime', window.sinceTime]);
  if (window.maxBytes !== null && window.tellLimit) query.push(['limitBytes', String(window.maxBytes)]);
  return {
    path: `${podPath(log)}/log`,
    query,
    accept: '*/*',
    kind: 'stream',
    ...(log.node === '' ? {} : { node: log.node }),
    idleTimeoutMs: context.limits.idleTimeoutMs,
    ...(window.maxBytes === null ? {} : { maxBytes: window.maxBytes }),
    signal: context.signal,
  };
}
