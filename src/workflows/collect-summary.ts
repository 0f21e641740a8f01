import type { Completeness, OutcomeCounts } from '../model/outcome.js';

/** What the exhibit holds after a run. */
export interface CollectSummary {
  readonly caseId: string;
  readonly exhibitId: string;
  readonly completeness: Completeness;
  readonly outcomes: OutcomeCounts;
  readonly planned: number;
  /** The first 50. */
  readonly gaps: readonly {
    readonly artifact: string;
    readonly outcome: string;
    readonly reason: string;
    readonly detail: string;
  }[];
  readonly gapsTotal: number;
  readonly items: number;
  readonly payloadBytes: number;
  /** Artifacts of this plan that the open exhibit already held. */
  readonly already: number;
}
