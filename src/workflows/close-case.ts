import type { CaseStore, OpenCase } from '../evidence/case-store.js';
import type { CaseFile } from '../model/case.js';
import { subjectName } from '../model/action.js';
import { ExhibitError } from '../model/errors.js';
import { Journal } from '../plan/journal.js';
import { isToBeUndone } from '../plan/release-plan.js';
import type { Clock } from '../ports/clock.js';

/** A closed case takes no more evidence, and a release writes some: what is still held would be held for good. */
async function assertNothingHeld({ directory, file }: OpenCase, clock: Clock): Promise<void> {
  const journal = await Journal.open({ directory, clock, actor: file.operator });
  const held = journal.plans.filter(({ steps }) => steps.some(isToBeUndone));
  await journal.close();
  const [first] = held.flatMap(({ steps }) => steps.filter(isToBeUndone));
  if (first === undefined) return;
  const { name, subject } = first.planned;
  throw new ExhibitError(
    'RELEASE_INCOMPLETE',
    `a containment of the case is still there: ${name} of ${subjectName(subject)}`,
    {
      subject: file.caseId,
      hints: [`exhibit release --case ${file.caseId}`],
      safe: 'The case is open as before.',
    },
  );
}

export interface CloseCaseDeps {
  readonly store: CaseStore;
  readonly clock: Clock;
}

/** Throws `RELEASE_INCOMPLETE` while something that a containment changed is still there, and as `CaseStore.close`. */
export async function closeCase(caseId: string, { store, clock }: CloseCaseDeps): Promise<CaseFile> {
  return await store.close(caseId, async (openCase) => await assertNothingHeld(openCase, clock));
}
