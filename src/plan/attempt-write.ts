import type { FailureReason } from './journal-entry.js';
import type { Observed } from './observed.js';
import type { WriteAnswer } from './step-driver.js';

/** A state of the world that another try may find changed: somebody wrote at the same time, the answer was lost, the change did not stay. */
const MAX_TRIES = 5;

export interface Writing {
  readonly read: () => Promise<Observed>;
  /** `end`: nothing is left to be written, for better or worse. `write`: this call, and then another look. */
  readonly judge: (observed: Observed) => Judgement;
}

export type Judgement =
  | { readonly is: 'right' }
  | { readonly is: 'wrong'; readonly why: FailureReason; readonly detail: string }
  | { readonly is: 'to-be-written'; readonly write: () => Promise<WriteAnswer> };

export interface Written {
  readonly why: FailureReason | null;
  readonly detail: string;
  /** A call of ours was made that may have had an effect. */
  readonly wrote: boolean;
  readonly observed: Observed;
  /** Of the calls, as the server knows them: Audit-IDs of the API, request ids of a cloud. */
  readonly auditIds: readonly string[];
}

/**
 * Writes until the subject is read back as it should be. What is answered to a write is never believed: only the next look counts, also
 * after an answer that was lost.
 */
export async function attemptWrite({ read, judge }: Writing): Promise<Written> {
  const auditIds: string[] = [];
  let wrote = false;
  let lately = '';
  for (let tries = 0; ; tries += 1) {
    const observed = await read();
    const judged = judge(observed);
    const end = { wrote, observed, auditIds };
    if (judged.is === 'right') return { ...end, why: null, detail: '' };
    if (judged.is === 'wrong') return { ...end, why: judged.why, detail: judged.detail };
    if (tries === MAX_TRIES) return { ...end, why: 'not-kept', detail: lately };
    const answer = await judged.write();
    auditIds.push(...answer.auditIds);
    wrote ||= answer.outcome !== 'refused';
    lately = sentenceOf(answer);
    if (answer.outcome === 'refused' && !answer.mayPass)
      return { ...end, wrote, why: 'refused', detail: answer.detail };
  }
}

function sentenceOf(answer: WriteAnswer): string {
  if (answer.outcome === 'refused') return answer.detail;
  if (answer.outcome === 'unknown') return `the answer was lost: ${answer.detail}`;
  return 'the server said that it was done, and the object was not so when it was read again';
}
