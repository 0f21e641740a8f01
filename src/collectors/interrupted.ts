import { ExhibitError } from '../model/errors.js';

/** What a collector throws when the run was interrupted: the artifact keeps no outcome, so that a resumed run reads it again. */
export function interrupted(cause?: unknown): ExhibitError {
  return new ExhibitError('INTERRUPTED', 'The run was interrupted while an artifact was read.', { cause });
}

/** Codes that concern the run, not one artifact: nothing may catch them on the way to the executor. */
const OF_THE_RUN = new Set([
  'INTERNAL',
  'INTERRUPTED',
  'TERMINATED',
  'CLUSTER_UNAUTHENTICATED',
  'STORAGE_FULL',
  'STORAGE_FAILED',
  'STORAGE_UNSAFE',
  'SEAL_HASH_MISMATCH',
]);

/** Whether an error is about one source only (no answer, cut, too long) and the collector may go on without that answer. */
export function concernsOneAnswer(error: unknown): error is ExhibitError {
  return error instanceof ExhibitError && !OF_THE_RUN.has(error.code);
}
