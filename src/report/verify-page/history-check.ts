import type { Statement } from '../../model/exhibit.js';
import { STATEMENT } from './bag-layout.js';
import type { Findings } from './findings.js';

/**
 * `previous` is the last exhibit of the case that was sealed before this one, and `openedNotSealed` names those that never were: every
 * number between the two is accounted for, none is this one's or a later one's.
 */
export function checkHistory({ caseId, sequence, previous, openedNotSealed }: Statement, findings: Findings): void {
  const add = (expected: string, found: string): void => {
    findings.add('statement', { path: STATEMENT, expected, found });
  };
  const idOf = (number: number): string => `${caseId}-x${String(number).padStart(4, '0')}`;
  const before = previous === null ? 0 : Number(previous.exhibitId.slice(-4));
  const isEarlier = before >= 1 && before < sequence;
  if (previous !== null && (!isEarlier || previous.exhibitId !== idOf(before)))
    add(`previous: an exhibit of ${caseId} before number ${String(sequence)}`, previous.exhibitId);
  let last = 0;
  for (const { exhibitId, sequence: number } of openedNotSealed) {
    const isInOrder = number > last && number < sequence && number !== before;
    if (!isInOrder || exhibitId !== idOf(number))
      add('openedNotSealed: earlier exhibits of the case, each once, in order', exhibitId);
    last = number;
  }
  const since = openedNotSealed.filter((other) => other.sequence > before).length;
  if (since !== Math.max(0, sequence - 1 - before))
    add('openedNotSealed: every exhibit after the previous one', `${String(since)} of them`);
}
