import { setTimeout as wait } from 'node:timers/promises';
import type { FailureReason } from './journal-entry.js';
import type { Observed } from './observed.js';
import { Patience } from './patience.js';
import type { PlanTools, WriteAnswer } from './step-driver.js';

/** A state of the world that another try may find changed: somebody wrote at the same time, the answer was lost, the change did not stay. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 100;
/** What a server may ask for at most: a containment does not wait for ever for one of its steps. */
const MAX_PAUSE_MS = 30_000;
/** All pauses of one step together. */
const BUDGET_MS = 60_000;
/** Between two tries of what a disruption budget holds back: another pod must become ready first. */
const HELD_PAUSE_MS = 5000;

export interface Writing {
  readonly read: () => Promise<Observed>;
  /** `end`: nothing is left to be written, for better or worse. `write`: this call, and then another look. */
  readonly judge: (observed: Observed) => Judgement;
  /** Decide how it is waited before another try, and when no longer. */
  readonly tools: Pick<PlanTools, 'pause' | 'signal' | 'patience'>;
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

/** The pauses before the tries of one step: each twice the one before, or as long as the server asks. */
class Pauses {
  readonly #tools: Writing['tools'];
  readonly #patience: Patience;
  #tries = 0;
  #spentMs = 0;

  constructor(tools: Writing['tools']) {
    this.#tools = tools;
    this.#patience = tools.patience ?? new Patience(BUDGET_MS);
  }

  /** Whether there is another try, once it is time for it. Never throws: an interruption ends the waiting, and there is none. */
  async before(answer: WriteAnswer): Promise<boolean> {
    const askedMs = answer.outcome === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
    if (answer.outcome === 'refused' && answer.isHeldBack === true) {
      const ms = this.#patience.take(Math.min(Math.max(askedMs, HELD_PAUSE_MS), MAX_PAUSE_MS));
      return ms > 0 && (await this.#wait(ms));
    }
    this.#tries += 1;
    const ms = Math.min(Math.max(askedMs, FIRST_PAUSE_MS * 2 ** (this.#tries - 1)), MAX_PAUSE_MS);
    if (this.#tries >= MAX_TRIES || this.#spentMs + ms > BUDGET_MS) return false;
    this.#spentMs += ms;
    return await this.#wait(ms);
  }

  async #wait(ms: number): Promise<boolean> {
    const { signal, pause = async (pauseMs: number) => await wait(pauseMs, undefined, { signal }) } = this.#tools;
    if (signal?.aborted === true) return false;
    return await pause(ms).then(
      () => true,
      () => false,
    );
  }
}

/**
 * Writes until the subject is read back as it should be. What is answered to a write is never believed: only the next look counts, also
 * after an answer that was lost. Before another try it is waited, and looked once more; an interruption ends the tries, never the look.
 */
export async function attemptWrite({ read, judge, tools }: Writing): Promise<Written> {
  const pauses = new Pauses(tools);
  const auditIds: string[] = [];
  let wrote = false;
  let last: WriteAnswer | null = null;
  for (;;) {
    let observed = await read();
    let judged = judge(observed);
    let isOver = false;
    if (judged.is === 'to-be-written' && last !== null) {
      isOver = !(await pauses.before(last));
      observed = await read();
      judged = judge(observed);
    }
    const end = { wrote, observed, auditIds };
    if (judged.is === 'right') return { ...end, why: null, detail: '' };
    if (judged.is === 'wrong') return { ...end, why: judged.why, detail: judged.detail };
    if (isOver && last !== null) return { ...end, why: 'not-kept', detail: sentenceOf(last) };
    last = await judged.write();
    auditIds.push(...last.auditIds);
    wrote ||= last.outcome !== 'refused';
    if (last.outcome === 'refused' && !last.mayPass) return { ...end, wrote, why: 'refused', detail: last.detail };
  }
}

function sentenceOf(answer: WriteAnswer): string {
  if (answer.outcome === 'refused') return answer.detail;
  if (answer.outcome === 'unknown') return `the answer was lost: ${answer.detail}`;
  return 'the server said that it was done, and the object was not so when it was read again';
}
