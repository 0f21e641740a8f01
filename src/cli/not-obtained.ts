import type { Outcome, OutcomeCounts } from '../model/outcome.js';

const NOT_OBTAINED = ['partial', 'denied', 'failed', 'skipped'] as const satisfies readonly Outcome[];

/** `70 failed, 4 partial`: what was not obtained, or not wholly, whether it was required or not; empty when all was. */
export function notObtainedText(outcomes: OutcomeCounts): string {
  return NOT_OBTAINED.filter((outcome) => outcomes[outcome] > 0)
    .map((outcome) => `${String(outcomes[outcome])} ${outcome}`)
    .join(', ');
}

export function notObtainedTotal(outcomes: OutcomeCounts): number {
  return NOT_OBTAINED.reduce((sum, outcome) => sum + outcomes[outcome], 0);
}

/**
 * What was not obtained and is no gap, because it was not required: apart from the gaps, or the numbers of a run would not add up.
 * `null` when there is none.
 */
export function notRequiredText(outcomes: OutcomeCounts, gapsTotal: number): string | null {
  const count = notObtainedTotal(outcomes) - gapsTotal;
  if (count <= 0) return null;
  const why = outcomes.partial > 0 ? 'no gap, such as a log whose end cannot be proved' : 'no gap';
  const which = gapsTotal === 0 ? notObtainedText(outcomes) : `${String(count)} of ${notObtainedText(outcomes)}`;
  return `${which} (${why})`;
}
