import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Outcome, OutcomeRecord } from '../../model/outcome.js';

const MAX_LISTED = 2000;
const MAX_TEXT = 300;
/** How a required artifact ends when it is a gap. */
const GAPS: ReadonlySet<Outcome> = new Set(['partial', 'denied', 'failed', 'skipped']);

/** A gap, every text printable ASCII. */
export interface Gap {
  readonly artifact: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly detail: string;
  readonly proof: string;
}

/** The gaps of a ledger: all are counted, the first two thousand kept. */
export class GapList {
  readonly #listed: Gap[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get listed(): readonly Gap[] {
    return this.#listed;
  }

  see({ artifact, outcome, required, reason, detail, proof }: OutcomeRecord): void {
    if (!required || !GAPS.has(outcome)) return;
    this.#total += 1;
    if (this.#listed.length >= MAX_LISTED) return;
    const members = Object.entries(proof).map(([name, value]) => `${name} ${String(value)}`);
    this.#listed.push({
      artifact: escapeForTerminal(artifact, MAX_TEXT),
      outcome,
      reason: escapeForTerminal(reason, MAX_TEXT),
      detail: escapeForTerminal(detail, MAX_TEXT),
      proof: escapeForTerminal(members.join(', '), MAX_TEXT),
    });
  }
}
