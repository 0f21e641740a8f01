import { completenessOf } from '../../evidence/completeness.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { emptyOutcomeCounts, isGap } from '../../model/outcome.js';
import type { OutcomeCounts } from '../../model/outcome.js';
import type { CollectSummary } from '../collect-summary.js';
import { FirstGaps } from '../first-gaps.js';

/** What an exhibit holds after a run. `already`: artifacts that it held before. */
export async function summarizeRun(exhibit: ExhibitSpool, caseId: string, already: number): Promise<CollectSummary> {
  const counts = exhibit.counts();
  const gaps = new FirstGaps();
  for await (const record of exhibit.readOutcomes()) if (isGap(record)) gaps.add(record);
  const outcomes: OutcomeCounts = { ...emptyOutcomeCounts(), ...counts.outcomes };
  return {
    caseId,
    exhibitId: exhibit.exhibitId,
    // What an interrupted run left without an outcome will be sealed as failed.
    completeness: completenessOf(outcomes, gaps.total + counts.planned - counts.outcomesTotal),
    outcomes,
    planned: counts.planned,
    gaps: gaps.first,
    gapsTotal: gaps.total,
    items: counts.items,
    payloadBytes: counts.payloadBytes,
    already,
  };
}
