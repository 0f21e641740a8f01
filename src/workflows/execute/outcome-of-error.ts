import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { ErrorCode } from '../../model/errors.js';
import type { CollectResult } from '../../ports/collector.js';

/** Errors after which going on would only repeat them: the run stops, and what has no outcome yet waits for `resume`. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERRUPTED',
  'TERMINATED',
  'STORAGE_FULL',
  'STORAGE_FAILED',
  'STORAGE_UNSAFE',
  'CASE_CORRUPT',
  'CLUSTER_UNAUTHENTICATED',
]);

export function endsTheRun(error: unknown): boolean {
  return error instanceof ExhibitError && ENDS_THE_RUN.has(error.code);
}

const REASONS: Partial<Record<ErrorCode, readonly [CollectResult['outcome'], string]>> = {
  CLUSTER_FORBIDDEN: ['denied', 'forbidden'],
  CLUSTER_UNREACHABLE: ['failed', 'unreachable'],
  CLUSTER_PROTOCOL: ['failed', 'protocol'],
  NO_CLUSTER: ['skipped', 'no-cluster'],
  NODE_ACCESS_LOST: ['failed', 'node-access-lost'],
  TARGET_GONE: ['failed', 'gone'],
  TARGET_REPLACED: ['failed', 'replaced'],
  CUT: ['failed', 'cut'],
  TIMEOUT: ['failed', 'timeout'],
  LIMIT_REACHED: ['failed', 'limit'],
};

/** What a collector threw, as the outcome of its artifact. A bug of ours is `failed`, reason `internal`: one collector's failure never stops another. */
export function outcomeOfError(error: unknown): CollectResult {
  if (error instanceof ExhibitError && error.code === 'NODE_ACCESS_REFUSED') {
    const proof = { error: error.code, refusal: error.subject ?? '' };
    return { outcome: 'denied', reason: 'no-node-access', detail: error.message, proof };
  }
  if (error instanceof ExhibitError) {
    const [outcome, reason] = REASONS[error.code] ?? ['failed', 'internal'];
    const about = error.subject === undefined || reason !== 'internal' ? '' : ` (${error.subject})`;
    return { outcome, reason, detail: error.message + about, proof: { error: error.code } };
  }
  const errno = errnoOf(error);
  return {
    outcome: 'failed',
    reason: 'internal',
    detail: error instanceof Error ? error.message : 'an error without a message',
    proof: errno === undefined ? {} : { errno },
  };
}
