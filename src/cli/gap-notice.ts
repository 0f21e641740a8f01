import { ExhibitError } from '../model/errors.js';
import type { OutcomeCounts } from '../model/outcome.js';
import { notObtainedText, notObtainedTotal } from './not-obtained.js';

export interface GapFacts {
  readonly outcomes: OutcomeCounts;
  /** Of required artifacts. */
  readonly gapsTotal: number;
  readonly hints: readonly string[];
}

/** The exit 3 of a run whose result stands: what is missing, in numbers, and what to do or where to read it. */
export function gapNotice({ outcomes, gapsTotal, hints }: GapFacts): ExhibitError {
  const total = notObtainedTotal(outcomes);
  const required = gapsTotal === total ? '' : `; ${String(gapsTotal)} of these ${String(total)} were required`;
  const missing = total === 0 ? 'no payload' : `${notObtainedText(outcomes)}${required}`;
  return new ExhibitError('COLLECT_PARTIAL', `not everything was obtained: ${missing}`, {
    hints,
    safe: 'What was collected is complete on disk and hashed; each gap is recorded with its reason.',
  });
}
