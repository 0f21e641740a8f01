import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readChain } from '../custody/read-chain.js';
import { caseLayout } from '../evidence/case-file.js';
import { ExhibitError } from '../model/errors.js';
import { parseJournalEvent } from '../plan/journal-entry.js';
import { type PlanHistory, PlanHistories } from '../plan/plan-history.js';

/**
 * The plans in the journal of a case, oldest first, without a lock: one in which somebody writes is read as far as it goes. None of a case
 * that is not there. Throws `CASE_CORRUPT` for a damaged one.
 */
export function plansOfCase(
  { casesDirectory }: { readonly casesDirectory: string },
  caseId: string,
): readonly PlanHistory[] {
  const path = join(caseLayout(casesDirectory, caseId).directory, 'journal.jsonl');
  if (!existsSync(path)) return [];
  const histories = new PlanHistories();
  readChain(path, (entry) => {
    const event = parseJournalEvent(entry);
    const wrong = event === null ? 'it is no event of a journal' : histories.take(event, String(entry['at']));
    if (wrong !== null) throw new ExhibitError('CASE_CORRUPT', wrong, { subject: path });
  });
  return histories.all();
}
