import type { CaseStore } from '../evidence/case-store.js';
import { ExhibitError } from '../model/errors.js';
import type { ActionRecord } from '../ports/action-record.js';
import type { RequestLog } from '../ports/request-log.js';
import { changesOf } from './execute/open-ladder.js';

/** Where a clean-up is written down. */
export interface CleanupRecord {
  readonly requests: RequestLog;
  /** `null` = the case is not on this machine, or has no open exhibit. */
  readonly changes: ActionRecord | null;
  /** Ends it and gives the case back. */
  close(): Promise<void>;
}

export function forgetfulRecord(): CleanupRecord {
  return {
    requests: { begin: () => 0, end: () => undefined },
    changes: null,
    close: () => Promise.resolve(),
  };
}

/**
 * The open exhibit of the case, held for us alone, so that no collection uses what is removed. Throws `CASE_LOCKED` while one does, and
 * `CASE_CORRUPT`, `STORAGE_*`.
 */
export async function openCleanupRecord(store: CaseStore, caseId: string): Promise<CleanupRecord> {
  const openCase = await store.open(caseId).catch((error: unknown) => {
    if (error instanceof ExhibitError && error.code === 'CASE_INVALID') return null;
    throw error;
  });
  if (openCase === null) return forgetfulRecord();
  try {
    const exhibit = await openCase.exhibit();
    const isWritable = exhibit !== null && exhibit.opening() !== null;
    return {
      ...forgetfulRecord(),
      ...(isWritable ? { requests: exhibit.requestLog, changes: changesOf(exhibit) } : {}),
      close: async () => {
        await exhibit?.close();
        await openCase.release();
      },
    };
  } catch (error) {
    await openCase.release();
    throw error;
  }
}
