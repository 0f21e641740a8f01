import type { ItemRecord } from '../../model/artifact.js';
import { SortedSpill } from '../sorted-spill.js';
import type { Findings } from './findings.js';
import type { PayloadLedger } from './payload-ledger.js';

const SORT_MEMORY_BYTES = 1024 * 1024;
const DERIVED = 'data/derived/';
/** The one file that is derived from records: it stands in for a payload. */
const NOTHING_COLLECTED = 'data/derived/nothing-collected.txt';

/** What is derived names payload files of the archive as its sources, and what stands under data/derived/ names at least one. */
export class SourcesCheck {
  readonly #findings: Findings;
  readonly #directory: string;
  readonly #named: SortedSpill;

  constructor(findings: Findings, directory: string) {
    this.#findings = findings;
    this.#directory = directory;
    this.#named = this.#spill();
  }

  see({ path, derivedFrom }: ItemRecord): void {
    if (path === NOTHING_COLLECTED) return;
    if (path.startsWith(DERIVED) && (derivedFrom === undefined || derivedFrom.length === 0))
      this.#add(path, 'the sources that it is derived from', 'none');
    for (const source of derivedFrom ?? []) this.#named.add(source, path);
  }

  /** After the last item. A split source is named as it was before it was split. */
  end(payload: PayloadLedger): void {
    const split = this.#spill();
    try {
      unmatched(this.#named, payload, (source, path) => {
        split.add(`${source}.p0001`, path);
      });
      unmatched(split, payload, (source, path) => {
        this.#add(
          path,
          `the payload file ${source.replace(/\.p0001$/, '')}, which it names as its source`,
          'no such file',
        );
      });
    } finally {
      split.dispose();
    }
  }

  dispose(): void {
    this.#named.dispose();
  }

  #spill(): SortedSpill {
    return new SortedSpill({ directory: this.#directory, maxMemoryBytes: SORT_MEMORY_BYTES });
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

/** Calls `report` for each entry whose key is no payload file. */
function unmatched(spill: SortedSpill, payload: PayloadLedger, report: (key: string, value: string) => void): void {
  if (spill.count === 0) return;
  const comparison = payload.compare(() => undefined);
  let previous: { readonly key: string; readonly isThere: boolean } | undefined;
  for (const { key, value } of spill.drainSync()) {
    if (previous?.key !== key) previous = { key, isThere: comparison.match(key) !== null };
    if (!previous.isThere) report(key, value);
  }
}
