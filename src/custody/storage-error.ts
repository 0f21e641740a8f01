import { errnoOf, ExhibitError } from '../model/errors.js';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failed file operation as `STORAGE_FULL` or `STORAGE_FAILED`, cause kept; an `ExhibitError` passes through as it is. */
export function storageError(error: unknown, path: string): ExhibitError {
  if (error instanceof ExhibitError) return error;
  const errno = errnoOf(error) ?? 'unknown error';
  if (FULL.has(errno)) {
    return new ExhibitError('STORAGE_FULL', `no room left on the disk (${errno})`, {
      subject: path,
      cause: error,
      safe: 'What was committed before is intact.',
      hints: ['df -h', 'exhibit resume'],
    });
  }
  return new ExhibitError('STORAGE_FAILED', `the file cannot be used (${errno})`, { subject: path, cause: error });
}
