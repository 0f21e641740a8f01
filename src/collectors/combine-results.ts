import type { Proof } from '../model/outcome.js';
import type { CollectResult } from '../ports/collector.js';

const MAX_DETAIL = 500;

/** One step on the way to an artifact. */
export interface StepResult {
  readonly step: string;
  readonly result: CollectResult;
}

const isWhole = ({ result }: StepResult): boolean => ['collected', 'empty', 'absent'].includes(result.outcome);

/**
 * The outcome of an artifact of several streams. Where the first, on which the others rest, gave nothing, that is the outcome. Otherwise
 * `collected` when every step ended well, else `partial` with the reason of the first that did not, and what the others said.
 */
export function combineResults(steps: readonly StepResult[], proof: Proof): CollectResult {
  const first = steps[0];
  if (first === undefined) return { outcome: 'failed', reason: 'nothing-read', detail: '', proof };
  if (first.result.outcome !== 'collected' && first.result.outcome !== 'partial')
    return { ...first.result, proof: { ...first.result.proof, ...proof } };
  const bad = steps.filter((step) => !isWhole(step));
  const [worst] = bad;
  if (worst === undefined) return { outcome: 'collected', reason: 'complete', detail: '', proof };
  const detail = bad
    .map(({ step, result }) => `${step}: ${result.reason}${result.detail === '' ? '' : ` (${result.detail})`}`)
    .join('; ')
    .slice(0, MAX_DETAIL);
  return { outcome: 'partial', reason: worst.result.reason, detail, proof };
}
