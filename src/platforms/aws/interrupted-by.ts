import { ExhibitError } from '../../model/errors.js';

/** What was aborted ends with the reason of the signal, whatever the SDK made of it. */
export function interruptedBy(signal: AbortSignal | undefined, subject: string): ExhibitError {
  const reason: unknown = signal?.reason;
  return reason instanceof ExhibitError ? reason : new ExhibitError('INTERRUPTED', 'it was interrupted', { subject });
}
