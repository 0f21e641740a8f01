import type { CaseStore, CaseSummary } from '../evidence/case-store.js';
import { subjectName } from '../model/action.js';
import { ExhibitError } from '../model/errors.js';
import { isToBeUndone } from '../plan/release-plan.js';
import type { HeldObject, HeldObjects } from './find-held.js';
import { plansOfCase } from './plans-on-record.js';

type Where = Parameters<typeof plansOfCase>[0];

function heldIn(where: Where, { caseId: caseToken, state }: CaseSummary): readonly HeldObject[] {
  const abandoned = state === 'closed' ? { abandoned: true } : {};
  return plansOfCase(where, caseToken).flatMap(({ plan, steps }) =>
    steps.filter(isToBeUndone).map(({ planned: { step, name, subject } }) => ({
      object: `${subjectName(subject)}: step ${String(step)} ${name}`,
      ...{ by: 'journal' as const, caseToken, plan, ...abandoned },
    })),
  );
}

/**
 * What the containments of a case, or of every case of this machine with `null`, have changed and not taken back, by their journals; a
 * closed case may have left something for good. A journal in which somebody writes is read as far as it goes; a damaged one is named.
 */
export async function heldByJournals(
  store: Pick<CaseStore, 'list'>,
  { casesDirectory, caseId }: { readonly casesDirectory: string; readonly caseId: string | null },
): Promise<HeldObjects> {
  const held: HeldObject[] = [];
  const unread: { resource: string; reason: string }[] = [];
  for (const one of await store.list()) {
    if (caseId !== null && one.caseId !== caseId) continue;
    try {
      held.push(...heldIn({ casesDirectory }, one));
    } catch (error) {
      if (!(error instanceof ExhibitError)) throw error;
      unread.push({ resource: `journal of case ${one.caseId}`, reason: 'damaged' });
    }
  }
  return { held, unread };
}
