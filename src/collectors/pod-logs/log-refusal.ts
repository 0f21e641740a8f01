import type { CollectResult } from '../../ports/collector.js';
import { refusalResult, type Refusal } from '../refusal.js';

/** Sentences with which API server and kubelet prove that there is no such log, and our word for each. */
const ABSENT: readonly (readonly [RegExp, string])[] = [
  [/^previous terminated container ".*" in pod ".*" not found$/, 'no-previous'],
  [/^container ".*" in pod ".*" is waiting to start/, 'never-started'],
  [/^container ".*" in pod ".*" is not available$/, 'never-started'],
  [/^container ".*" in pod ".*" is terminated$/, 'no-log'],
  [/^container \S+ is not valid for pod \S+$/, 'no-such-container'],
];

/** What an answer other than 200 says of a log. */
export function logRefusal(refusal: Refusal): CollectResult {
  const { status, attempts } = refusal;
  if (status === 204) {
    const detail = 'The pod was never given to a node.';
    return { outcome: 'absent', reason: 'never-started', detail, proof: { status }, attempts };
  }
  const result = refusalResult(refusal);
  if (status === 404) return { ...result, reason: 'gone' };
  if (status !== 400) return result;
  const reason = ABSENT.find(([sentence]) => sentence.test(result.detail))?.[1];
  return reason === undefined ? { ...result, reason: 'bad-request' } : { ...result, outcome: 'absent', reason };
}
