import type { ItemRecord } from '../../model/artifact.js';
import { EntryTable, type TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import type { PayloadTable } from './payload-table.js';

const DERIVED = 'data/derived/';
/** The one file that is derived from records: it stands in for a payload. */
const NOTHING_COLLECTED = 'data/derived/nothing-collected.txt';
const FIRST_PART = '.p0001';

/** What is derived names payload files of the archive as its sources, and what stands under data/derived/ names at least one. */
export class SourcesCheck {
  readonly #findings: Findings;
  readonly #budget: TableBudget;
  readonly #named: EntryTable;

  constructor(findings: Findings, budget: TableBudget) {
    this.#findings = findings;
    this.#budget = budget;
    this.#named = new EntryTable(budget);
  }

  see({ path, derivedFrom = [] }: ItemRecord): void {
    if (path === NOTHING_COLLECTED) return;
    if (path.startsWith(DERIVED) && derivedFrom.length === 0)
      this.#add(path, 'the sources that it is derived from', 'none');
    for (const source of derivedFrom) this.#named.add(source, path);
  }

  /** After the last item. A split source is named as it was before it was split. */
  end(payload: PayloadTable): void {
    const split = new EntryTable(this.#budget);
    unmatched(this.#named, payload, (source, path) => {
      split.add(source + FIRST_PART, path);
    });
    unmatched(split, payload, (source, path) => {
      const name = source.slice(0, -FIRST_PART.length);
      this.#add(path, `the payload file ${name}, which it names as its source`, 'no such file');
    });
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

/** Calls `report` for each entry whose key is no payload file. */
function unmatched(table: EntryTable, payload: PayloadTable, report: (key: string, value: string) => void): void {
  if (table.count === 0) return;
  const comparison = payload.compare(() => undefined);
  let previous: { readonly key: string; readonly isThere: boolean } | undefined;
  for (const { key, value } of table.sorted()) {
    if (previous?.key !== key) previous = { key, isThere: comparison.match(key) !== null };
    if (!previous.isThere) report(key, value);
  }
}
