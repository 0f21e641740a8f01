import type { CaseStore, OpenCase } from '../evidence/case-store.js';
import { subjectName } from '../model/action.js';
import type { AbandonedContainment, CaseFile } from '../model/case.js';
import { ExhibitError } from '../model/errors.js';
import { Journal } from '../plan/journal.js';
import type { PlanHistory } from '../plan/plan-history.js';
import { isToBeUndone } from '../plan/release-plan.js';
import type { Clock } from '../ports/clock.js';

/** Steps that one record names. */
const MAX_STEPS = 1_000;
const SAFE = 'The case is open as before.';

export interface CloseCaseDeps {
  readonly store: CaseStore;
  readonly clock: Clock;
}

function leftOf({ plan, target, steps }: PlanHistory): AbandonedContainment {
  const left = steps.filter(isToBeUndone).map(({ planned, state }) => {
    const { step, name, subject } = planned;
    return `step ${String(step)} ${name} of ${subjectName(subject)}: ${state}`;
  });
  const remaining = left.slice(0, MAX_STEPS);
  return { plan, target: target.name, remaining, moreRemaining: left.length - remaining.length };
}

async function heldIn({ directory, file }: OpenCase, clock: Clock): Promise<readonly AbandonedContainment[]> {
  const journal = await Journal.open({ directory, clock, actor: file.operator });
  const held = journal.plans.filter(({ steps }) => steps.some(isToBeUndone)).map(leftOf);
  await journal.close();
  return held;
}

/** Those that are to be abandoned, in the order of their plans. Throws `USAGE_INVALID` for a plan of which nothing is there. */
function chosen(held: readonly AbandonedContainment[], plans: readonly string[]): readonly AbandonedContainment[] {
  const unknown = plans.find((plan) => !held.some((one) => one.plan === plan));
  if (unknown === undefined) return held.filter(({ plan }) => plans.includes(plan));
  throw new ExhibitError('USAGE_INVALID', `the case has no containment ${unknown} of which something is still there`, {
    subject: unknown,
    hints: held.map(({ plan }) => `exhibit case close --abandon-containment ${plan}`),
    safe: SAFE,
  });
}

/** What would be left in the world. Throws `USAGE_INVALID`, and as `CaseStore.open` and the journal. */
export async function containmentsToAbandon(
  caseId: string,
  plans: readonly string[],
  { store, clock }: CloseCaseDeps,
): Promise<readonly AbandonedContainment[]> {
  if (plans.length === 0) return [];
  const openCase = await store.open(caseId);
  try {
    return chosen(await heldIn(openCase, clock), plans);
  } finally {
    await openCase.release();
  }
}

/** A closed case takes no more evidence, and a release writes some: what is still held would be held for good. */
function assertNothingElse(caseId: string, held: readonly AbandonedContainment[], plans: readonly string[]): void {
  const other = held.find(({ plan }) => !plans.includes(plan));
  if (other === undefined) return;
  const [first = ''] = other.remaining;
  const what = first.replace(/^step \d+ /, '').replace(/: [a-z-]+$/, '');
  throw new ExhibitError('RELEASE_INCOMPLETE', `a containment of the case is still there: ${what}`, {
    subject: caseId,
    hints: [
      `exhibit release --case ${caseId}`,
      `Where its cluster is gone for good: exhibit case close ${caseId} --abandon-containment ${other.plan}`,
    ],
    safe: SAFE,
  });
}

/**
 * `abandon` are names of plans that are left as they are: the record of the case names every step that remains, before it is closed. Throws
 * `RELEASE_INCOMPLETE` while something else that a containment changed is still there, and as `CaseStore.close`.
 */
export async function closeCase(
  caseId: string,
  { store, clock }: CloseCaseDeps,
  abandon: readonly string[] = [],
): Promise<CaseFile> {
  return await store.close(caseId, async (openCase) => {
    const held = await heldIn(openCase, clock);
    assertNothingElse(openCase.file.caseId, held, abandon);
    // With an open exhibit it is not closed, and then nothing was abandoned.
    if (openCase.exhibits.some(({ state }) => state === 'open')) return;
    for (const containment of chosen(held, abandon)) await openCase.recordAbandoned(containment);
  });
}
