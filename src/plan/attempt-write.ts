import type { ActuateAnswer } from '../ports/cluster-actuator.js';
import type { FailureReason } from './journal-entry.js';
import type { Observed } from './observe.js';

/** A state of the cluster that another try may find changed: somebody wrote at the same time, the answer was lost, the change did not stay. */
const MAX_TRIES = 5;

export interface Writing {
  readonly read: () => Promise<Observed>;
  /** `end`: nothing is left to be written, for better or worse. `write`: this call, and then another look. */
  readonly judge: (observed: Observed) => Judgement;
}

export type Judgement =
  | { readonly is: 'right' }
  | { readonly is: 'wrong'; readonly why: FailureReason; readonly detail: string }
  | { readonly is: 'to-be-written'; readonly write: () => Promise<ActuateAnswer> };

export interface Written {
  readonly why: FailureReason | null;
  readonly detail: string;
  /** A call of ours was made that may have had an effect. */
  readonly wrote: boolean;
  readonly observed: Observed;
  readonly auditIds: readonly string[];
}

/**
 * Writes until the object is read back as it should be. What the server says of a write is never believed: only the next look counts, also
 * after an answer that was lost. A write carries the version that was looked at, so that a lost one which arrives late is refused.
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
    auditIds.push(answer.auditId);
    wrote ||= answer.outcome !== 'refused';
    lately = sentenceOf(answer);
    if (answer.outcome === 'refused' && !['conflict', 'already-exists', 'not-found'].includes(answer.refusal.kind))
      return { ...end, wrote, why: 'refused', detail: answer.refusal.message };
  }
}

function sentenceOf(answer: ActuateAnswer): string {
  if (answer.outcome === 'refused') return answer.refusal.message;
  if (answer.outcome === 'unknown') return `the answer was lost: ${answer.detail}`;
  return 'the server said that it was done, and the object was not so when it was read again';
}
