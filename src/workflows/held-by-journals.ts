import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readChain } from '../custody/read-chain.js';
import { caseLayout } from '../evidence/case-file.js';
import type { CaseStore } from '../evidence/case-store.js';
import { subjectName } from '../model/action.js';
import { ExhibitError } from '../model/errors.js';
import { parseJournalEvent } from '../plan/journal-entry.js';
import { PlanHistories } from '../plan/plan-history.js';
import { isToBeUndone } from '../plan/release-plan.js';
import type { HeldObject, HeldObjects } from './find-held.js';

function heldIn(directory: string, caseToken: string): readonly HeldObject[] {
  const path = join(directory, 'journal.jsonl');
  if (!existsSync(path)) return [];
  const histories = new PlanHistories();
  readChain(path, (entry) => {
    const event = parseJournalEvent(entry);
    const wrong = event === null ? 'it is no event of a journal' : histories.take(event, String(entry['at']));
    if (wrong !== null) throw new ExhibitError('CASE_CORRUPT', wrong, { subject: path });
  });
  return histories.all().flatMap(({ plan, steps }) =>
    steps.filter(isToBeUndone).map(({ planned: { step, name, subject } }) => ({
      object: `${subjectName(subject)}: step ${String(step)} ${name}`,
      ...{ by: 'journal' as const, caseToken, plan },
    })),
  );
}

/**
 * What the containments of a case, or of every case of this machine with `null`, have changed and not taken back, by their journals. A
 * journal in which somebody writes is read as far as it goes; a damaged one is named.
 */
export async function heldByJournals(
  store: Pick<CaseStore, 'list'>,
  { casesDirectory, caseId }: { readonly casesDirectory: string; readonly caseId: string | null },
): Promise<HeldObjects> {
  const held: HeldObject[] = [];
  const unread: { resource: string; reason: string }[] = [];
  for (const one of await store.list()) {
    if (one.state === 'closed' || (caseId !== null && one.caseId !== caseId)) continue;
    try {
      held.push(...heldIn(caseLayout(casesDirectory, one.caseId).directory, one.caseId));
    } catch (error) {
      if (!(error instanceof ExhibitError)) throw error;
      unread.push({ resource: `journal of case ${one.caseId}`, reason: 'damaged' });
    }
  }
  return { held, unread };
}
