import type { OutcomeRecord } from '../model/outcome.js';
import type { SummaryGap } from './collect-summary.js';

const MAX_SHOWN = 50;

/** Keeps the first gaps by the order of their artifacts, whatever order they arrive in, and counts them all. */
export class FirstGaps {
  #first: SummaryGap[] = [];
  #total = 0;

  add({ artifact, outcome, reason, detail }: OutcomeRecord): void {
    this.#total += 1;
    this.#first.push({ artifact, outcome, reason, detail });
    if (this.#first.length >= 2 * MAX_SHOWN) this.#first = this.#sorted();
  }

  /** At most 50. */
  get first(): readonly SummaryGap[] {
    return this.#sorted();
  }

  get total(): number {
    return this.#total;
  }

  #sorted(): SummaryGap[] {
    // Keys are ASCII: the order of code units is the order of bytes, as in meta/outcomes.jsonl.
    return this.#first.toSorted((a, b) => (a.artifact < b.artifact ? -1 : 1)).slice(0, MAX_SHOWN);
  }
}
