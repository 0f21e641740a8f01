import type { CapturedBody } from '../capture-body.js';
import { judgeJson } from '../json-body.js';
import { isStatus, refusalResult } from '../refusal.js';
import type { CollectResult } from '../../ports/collector.js';
import type { Sensitivity } from '../../model/artifact.js';

/** One thing that says which cluster this is. */
export interface IdentitySource {
  readonly name: string;
  readonly path: string;
  readonly accept?: string;
  readonly query?: readonly (readonly [string, string])[];
  /** Statuses whose body is evidence. */
  readonly statuses: readonly number[];
  readonly suffix: 'json' | 'txt';
  readonly sensitivity: Sensitivity;
  readonly required: boolean;
  judge(body: CapturedBody): CollectResult;
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The text ends with its own verdict; without that it ended early. */
function judgeReadyz(body: CapturedBody): CollectResult {
  if (isStatus(body.head)) return refusalResult({ ...body.answer, body: body.head });
  const text = body.tail.toString('latin1').trimEnd();
  const verdict = /(?:^|\n)(readyz check (?:passed|failed)|ok)$/.exec(text)?.[1];
  const { status, sizeBytes: bytes, attempts } = body.answer;
  if (verdict === undefined) {
    const outcome = bytes === 0 ? 'failed' : 'partial';
    return {
      outcome,
      reason: 'unproven-end',
      detail: 'The answer does not end with a verdict.',
      proof: { status, bytes },
      attempts,
    };
  }
  return { outcome: 'collected', reason: 'complete', detail: '', proof: { status, bytes, verdict }, attempts };
}

const document = (name: string, path: string): IdentitySource => ({
  name,
  path,
  statuses: [200],
  suffix: 'json',
  sensitivity: 'normal',
  required: true,
  judge: judgeJson,
});

/** In the order in which they are read. */
export const IDENTITY_SOURCES: readonly IdentitySource[] = [
  document('version', '/version'),
  document('kube-system', '/api/v1/namespaces/kube-system'),
  document('api', '/api'),
  document('apis', '/apis'),
  { ...document('api-aggregated', '/api'), accept: AGGREGATED, required: false },
  { ...document('apis-aggregated', '/apis'), accept: AGGREGATED, required: false },
  document('leases', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'),
  {
    ...document('readyz', '/readyz'),
    query: [['verbose', '']],
    statuses: [200, 500],
    suffix: 'txt',
    required: false,
    judge: judgeReadyz,
  },
];
