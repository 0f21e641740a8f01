import { CHAIN_START } from '../../model/custody-entry.js';
import type { CustodyRecord } from '../../model/post-seal-custody.js';
import type { CustodyFindings } from './custody-findings.js';

/** One event with the digest of its file. */
export interface ChainedEvent {
  readonly record: CustodyRecord;
  readonly name: string;
  readonly sha256: string;
}

interface Place {
  readonly seq: number;
  readonly name: string;
}

/**
 * Follows the events of a folder number by number. Each names the digest of the one before it, so that what was changed, left out, put in,
 * exchanged or continued twice has a name.
 */
export class EventChain {
  readonly #findings: CustodyFindings;
  readonly #followers = new Map<string, string>();
  readonly #nameOf = new Map<string, string>();
  readonly #monoUsOf = new Map<string, number>();
  /** Digests that the next event may name; `null` after an event that cannot be read or is not there. */
  #heads: ReadonlySet<string> | null = new Set([CHAIN_START]);
  #lastSeq = 0;

  constructor(findings: CustodyFindings) {
    this.#findings = findings;
  }

  /** All readable events under one number; `unreadable` when there are others, too. Numbers come in order. */
  see(seq: number, events: readonly ChainedEvent[], unreadable: boolean): void {
    for (let missing = this.#lastSeq + 1; missing < seq; missing += 1) this.#missing(missing);
    for (const event of events) this.#check(seq, event);
    const [first, second] = events;
    if (first !== undefined && second !== undefined)
      this.#add('forked', { seq, name: second.name }, `${first.name} has the same number`);
    this.#heads = unreadable ? null : new Set(events.map(({ sha256 }) => sha256));
    this.#lastSeq = seq;
  }

  #missing(seq: number): void {
    this.#add('missing', { seq, name: '' }, `there is no event number ${String(seq)}`);
    this.#heads = null;
  }

  #check(seq: number, event: ChainedEvent): void {
    const { record, name, sha256 } = event;
    const place = { seq, name };
    this.#nameOf.set(sha256, name);
    if (record.seq !== seq) {
      this.#add('reordered', place, `it was signed as number ${String(record.seq)}`);
      return;
    }
    this.#checkPrevious(place, record.prev);
    this.#checkClock(place, record);
  }

  #checkPrevious(place: Place, prev: string): void {
    const other = this.#followers.get(prev);
    this.#followers.set(prev, place.name);
    const isNext = this.#heads?.has(prev) ?? !this.#nameOf.has(prev);
    if (other !== undefined) this.#add('forked', place, `${other} follows the same event`);
    else if (isNext) return;
    else if (this.#nameOf.has(prev))
      this.#add('reordered', place, `it follows ${this.#nameOf.get(prev) ?? ''}, not the event before it`);
    else if (prev === CHAIN_START) this.#add('reordered', place, 'it was signed as the first event');
    else this.#add('broken', place, 'it does not follow from the event before it');
  }

  /** The monotonic clock of one boot never goes back, whoever set the wall clock. */
  #checkClock(place: Place, { bootId, monoUs }: CustodyRecord): void {
    if (bootId === 'unknown') return;
    const before = this.#monoUsOf.get(bootId);
    if (before !== undefined && monoUs < before)
      this.#add('reordered', place, 'it is older than the event before it, by the clock of the same boot');
    this.#monoUsOf.set(bootId, Math.max(monoUs, before ?? 0));
  }

  #add(kind: 'forked' | 'missing' | 'reordered' | 'broken', { seq, name }: Place, detail: string): void {
    this.#findings.add({ kind, seq, file: name, detail });
  }
}
