import { ExhibitError } from '../model/errors.js';
import type { Progress } from '../ports/io.js';

export interface GoingOn {
  /** The command that goes on with what was interrupted. */
  readonly command: () => string;
  readonly progress: Progress | null;
}

function readSoFar(progress: Progress | null): string | null {
  if (progress?.phase.startsWith('collect ') !== true || progress.total === null) return null;
  return `${String(progress.done)} of ${String(progress.total)} artifacts were read and are committed.`;
}

/** Lower layers say `exhibit resume`; which command goes on, and how far this run came, is known only to who runs it. */
export function goingOn(error: ExhibitError, { command, progress }: GoingOn): ExhibitError {
  const isInterrupted = error.code === 'INTERRUPTED' || error.code === 'TERMINATED';
  const read = isInterrupted ? readSoFar(progress) : null;
  const hints = error.hints.map((hint) => hint.replaceAll('exhibit resume', command));
  if (read === null && hints.every((hint, index) => hint === error.hints[index])) return error;
  const safe = read ?? error.safe;
  return new ExhibitError(error.code, error.message, {
    hints,
    retryable: error.retryable,
    cause: error,
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    ...(safe === undefined ? {} : { safe }),
  });
}
