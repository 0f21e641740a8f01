import { ExhibitError } from '../model/errors.js';
import type { Outcome, OutcomeRecord } from '../model/outcome.js';

const WITH_ITEMS: ReadonlySet<Outcome> = new Set(['collected', 'partial']);
const WITHOUT_ITEMS: ReadonlySet<Outcome> = new Set(['absent', 'denied', 'skipped']);
const WITH_PROOF: ReadonlySet<Outcome> = new Set(['empty', 'absent']);

/**
 * Refuses an outcome that no verifier would accept, before it is recorded: it would be found at the seal, when nothing can be read again.
 * Throws `INTERNAL`, which makes the artifact a failure of ours.
 */
export function assertOutcome(
  { artifact, outcome, proof }: Pick<OutcomeRecord, 'artifact' | 'outcome' | 'proof'>,
  hasPayload: boolean,
): void {
  const subject = { subject: artifact };
  if (WITH_ITEMS.has(outcome) && !hasPayload)
    throw new ExhibitError('INTERNAL', `an artifact is said to be ${outcome} without a payload file`, subject);
  if (WITHOUT_ITEMS.has(outcome) && hasPayload)
    throw new ExhibitError('INTERNAL', `an artifact is said to be ${outcome} and has a payload file`, subject);
  if (WITH_PROOF.has(outcome) && Object.keys(proof).length === 0)
    throw new ExhibitError('INTERNAL', `an artifact is said to be ${outcome} without a proof`, subject);
}
