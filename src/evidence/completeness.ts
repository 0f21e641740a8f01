import type { Completeness, OutcomeCounts } from '../model/outcome.js';

/**
 * The statement's word for the ledger. `failed`: nothing was planned, or there is a gap and nothing was obtained at all (no artifact
 * `collected` or `partial`). `complete`: no gap, which holds when every source proved to be empty or absent. `partial`: anything else.
 */
export function completenessOf(counts: OutcomeCounts, gaps: number): Completeness {
  const planned = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (planned > 0 && gaps === 0) return 'complete';
  return counts.collected + counts.partial === 0 ? 'failed' : 'partial';
}
