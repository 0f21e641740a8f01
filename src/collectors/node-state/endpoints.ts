import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Sensitivity } from '../../model/artifact.js';
import type { CollectResult } from '../../ports/collector.js';
import type { CapturedBody } from '../capture-body.js';
import { judgeJson } from '../json-body.js';

/** A kubelet's JSON is parsed for its proof up to this size: many kubelets are read at once. Bytes. */
const MAX_KUBELET_JSON_BYTES = 16 * 1024 * 1024;

/** One thing that a kubelet says of itself. */
export interface KubeletEndpoint {
  /** Below `/api/v1/nodes/<node>/proxy/`. */
  readonly path: string;
  readonly file: string;
  readonly sensitivity: Sensitivity;
  readonly accept: string;
  readonly statuses: readonly number[];
  /** Bytes that the judge needs from the beginning. */
  readonly keepBytes: number;
  /** Metrics in the text format, which must be read twice. */
  readonly isMetrics: boolean;
  judge(body: CapturedBody): CollectResult;
}

/** One sample or comment line of the Prometheus text format. */
const METRIC_LINE = /^(?:#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^\n]*\})? +[-+0-9.eEInfNa]+(?: +-?\d+)?)$/;

function unproven(body: CapturedBody, detail: string): CollectResult {
  const { status, sizeBytes: bytes, attempts } = body.answer;
  const outcome = bytes === 0 ? 'failed' : 'partial';
  return {
    outcome,
    reason: 'unproven-end',
    detail: escapeForTerminal(detail, 400),
    proof: { status, bytes },
    attempts,
  };
}

/** The form of one answer. That it ends where the metrics end is for a second read to prove. */
export function judgeMetrics(body: CapturedBody): CollectResult {
  const tail = body.tail.toString('latin1');
  const last = tail.slice(tail.lastIndexOf('\n', tail.length - 2) + 1, -1);
  const first = body.head.toString('latin1').split('\n', 1)[0] ?? '';
  if (!tail.endsWith('\n')) return unproven(body, 'The text does not end with a line feed.');
  if (!METRIC_LINE.test(last)) return unproven(body, `The last line is no metric: ${last.slice(-200)}`);
  if (!METRIC_LINE.test(first)) return unproven(body, `The first line is no metric: ${first.slice(0, 200)}`);
  const { status, sizeBytes: bytes, attempts } = body.answer;
  return {
    outcome: 'collected',
    reason: 'complete',
    detail: '',
    proof: { status, bytes, lastLine: 'metric' },
    attempts,
  };
}

/** `ok`, or the list of checks of which one failed; both say how the kubelet was. */
export function judgeHealthz(body: CapturedBody): CollectResult {
  const text = body.tail.toString('latin1').trimEnd();
  const verdict =
    text === 'ok' || text.endsWith('healthz check passed')
      ? 'ok'
      : text.endsWith('healthz check failed')
        ? 'failed'
        : '';
  if (verdict === '') return unproven(body, `Neither ok nor a list of checks: ${text.slice(0, 200)}`);
  const { status, sizeBytes: bytes, attempts } = body.answer;
  return { outcome: 'collected', reason: 'complete', detail: '', proof: { status, bytes, health: verdict }, attempts };
}

const json = (path: string, file: string, sensitivity: Sensitivity = 'normal'): KubeletEndpoint => ({
  path,
  file,
  sensitivity,
  accept: 'application/json',
  statuses: [200],
  keepBytes: MAX_KUBELET_JSON_BYTES,
  isMetrics: false,
  judge: judgeJson,
});

const metrics = (path: string, file: string): KubeletEndpoint => ({
  path,
  file,
  sensitivity: 'normal',
  accept: 'text/plain',
  statuses: [200],
  keepBytes: 4096,
  isMetrics: true,
  judge: judgeMetrics,
});

/** In the order in which they are planned. */
export const KUBELET_ENDPOINTS: readonly KubeletEndpoint[] = [
  json('pods', 'pods.json', 'secret'),
  json('stats/summary', 'stats-summary.json'),
  json('configz', 'configz.json'),
  {
    path: 'healthz',
    file: 'healthz.txt',
    sensitivity: 'normal',
    accept: '*/*',
    statuses: [200, 500],
    keepBytes: 65_536,
    isMetrics: false,
    judge: judgeHealthz,
  },
  metrics('metrics', 'metrics.txt'),
  metrics('metrics/cadvisor', 'metrics-cadvisor.txt'),
  metrics('metrics/resource', 'metrics-resource.txt'),
];
