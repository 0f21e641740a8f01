import type { Completeness, OutcomeCounts } from '../model/outcome.js';

export interface SummaryGap {
  readonly artifact: string;
  readonly outcome: string;
  readonly reason: string;
  readonly detail: string;
}

/** What the exhibit holds after a run. */
export interface CollectSummary {
  readonly caseId: string;
  readonly exhibitId: string;
  readonly completeness: Completeness;
  readonly outcomes: OutcomeCounts;
  readonly planned: number;
  /** The first 50 in the order of their artifacts: artifacts end in no order that a second run would repeat. */
  readonly gaps: readonly SummaryGap[];
  readonly gapsTotal: number;
  readonly items: number;
  readonly payloadBytes: number;
  /** Artifacts of this plan that the open exhibit already held. */
  readonly already: number;
}
