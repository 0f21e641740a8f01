import type { OutcomeRecord } from '../model/outcome.js';

/** What was expected of one place and found there, counted from outcomes whose proof says whether they were expected. */
export interface CoverageSummary {
  /** `os-files/node-1`. */
  readonly place: string;
  readonly expected: number;
  readonly found: number;
  /** Names of at most 50 that were expected and not obtained, as `name: outcome`. */
  readonly missing: readonly string[];
}

const MAX_PLACES = 1000;
const MAX_MISSING = 50;

export class OutcomeCoverage {
  readonly #places = new Map<string, { expected: number; found: number; missing: string[] }>();

  add({ artifact, outcome, proof }: OutcomeRecord): void {
    const [collector = '', node = '', ...rest] = artifact.split('/');
    if (proof['expected'] !== true || rest.length === 0) return;
    const key = `${collector}/${node}`;
    const place = this.#places.get(key) ?? { expected: 0, found: 0, missing: [] };
    if (!this.#places.has(key) && this.#places.size >= MAX_PLACES) return;
    this.#places.set(key, place);
    place.expected += 1;
    if (outcome === 'collected' || outcome === 'partial') place.found += 1;
    else if (place.missing.length < MAX_MISSING) place.missing.push(`${rest.join('/')}: ${outcome}`);
  }

  /** Sorted by place. */
  summary(): readonly CoverageSummary[] {
    return [...this.#places].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([place, counts]) => ({ place, ...counts }));
  }
}
