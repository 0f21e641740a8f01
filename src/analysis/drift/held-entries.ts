import { DRIFT_SEVERITIES } from '../../model/drift.js';
import type { DiffEntry } from '../../model/diff-entry.js';
import { judgeEntry } from './judge-entry.js';

export interface HeldEntry {
  /** The folder of its container in the archive: `shop/web-1.app.4f3a9c21`. */
  readonly container: string;
  readonly entry: DiffEntry;
}

function rankOf(entry: DiffEntry): number {
  const gravest = judgeEntry({ entry, path: entry.path, runs: false })[0]?.severity;
  return gravest === undefined ? DRIFT_SEVERITIES.length : DRIFT_SEVERITIES.indexOf(gravest);
}

/** Entries to be judged, at most so many: the least grave go first, so that nobody hides one behind a heap of others. */
export class HeldEntries {
  readonly #byRank: HeldEntry[][] = [...DRIFT_SEVERITIES, null].map(() => []);
  readonly #max: number;
  #count = 0;
  /** Some were let go. */
  isCut = false;

  constructor(max: number) {
    this.#max = max;
  }

  add(held: HeldEntry): void {
    this.#byRank[rankOf(held.entry)]?.push(held);
    this.#count += 1;
    if (this.#count <= this.#max) return;
    this.#byRank.findLast((entries) => entries.length > 0)?.pop();
    this.#count -= 1;
    this.isCut = true;
  }

  all(): HeldEntry[] {
    return this.#byRank.flat();
  }
}
