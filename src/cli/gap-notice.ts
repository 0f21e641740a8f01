import { ExhibitError } from '../model/errors.js';
import type { OutcomeCounts } from '../model/outcome.js';

/** The exit 3 of a run whose result stands: what is missing, in numbers, and where to read it. */
export function gapNotice(outcomes: OutcomeCounts, nextCommand: string): ExhibitError {
  const missing = (['partial', 'denied', 'failed', 'skipped'] as const)
    .filter((outcome) => outcomes[outcome] > 0)
    .map((outcome) => `${String(outcomes[outcome])} ${outcome}`);
  return new ExhibitError('COLLECT_PARTIAL', `not everything was obtained: ${missing.join(', ') || 'no payload'}`, {
    hints: [nextCommand],
    safe: 'What was collected is complete on disk and hashed; each gap is recorded with its reason.',
  });
}
