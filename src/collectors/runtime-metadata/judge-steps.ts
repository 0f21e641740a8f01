import type { Proof } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { StepResult } from '../combine-results.js';

const MAX_DETAIL = 500;

/**
 * The outcome of an artifact made of steps of equal standing, most of which find nothing on any one node: no node has every runtime.
 * `absent` when every place was looked into and there was nothing; what could not be looked into is named.
 */
export function judgeSteps(steps: readonly StepResult[], proof: Proof): CollectResult {
  const good = steps.filter(({ result }) => result.outcome === 'collected');
  const bad = steps.filter(({ result }) => !['collected', 'empty', 'absent'].includes(result.outcome));
  const counted = { ...proof, steps: steps.length, withBytes: good.length };
  const [worst] = bad;
  if (worst === undefined) {
    if (good.length > 0) return { outcome: 'collected', reason: 'complete', detail: '', proof: counted };
    return { outcome: 'absent', reason: 'not-there', detail: 'nothing of the kind is on the node', proof: counted };
  }
  const detail = bad
    .map(({ step, result }) => `${step}: ${result.reason}${result.detail === '' ? '' : ` (${result.detail})`}`)
    .join('; ')
    .slice(0, MAX_DETAIL);
  const hasBytes = good.length > 0 || bad.some(({ result }) => result.outcome === 'partial');
  return { outcome: hasBytes ? 'partial' : worst.result.outcome, reason: worst.result.reason, detail, proof: counted };
}
