import type { CollectResult } from '../ports/collector.js';

/** Of a plan that another version of the program made. */
export const UNKNOWN_ARTIFACT: CollectResult = {
  outcome: 'skipped',
  reason: 'unknown-artifact',
  detail: 'This version of the program does not know it.',
  proof: {},
};
