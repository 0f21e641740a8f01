import type { Statement } from '../../model/exhibit.js';
import type { RedactionRecord } from '../../model/redaction.js';
import { isBagPath, REDACTIONS, STATEMENT } from './bag-layout.js';
import { EntryTable, type TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import type { PayloadTable } from './payload-table.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { Shape } from './record-shapes.js';

const PART = /\.p\d{4}$/;

/**
 * The ledger of a redacted copy: there if and only if the statement says that the exhibit is one, with as many lines as it says, in the
 * order of path and offset, none overlapping; what was masked is in the archive, and what was removed is not.
 */
export class RedactionsCheck {
  readonly consumer: TagConsumer;
  readonly #findings: Findings;
  readonly #budget: TableBudget;
  readonly #paths: EntryTable;
  #lines = 0;
  #isThere = false;
  #previous: RedactionRecord | null = null;

  constructor(options: {
    readonly shape: Shape<RedactionRecord>;
    readonly findings: Findings;
    readonly budget: TableBudget;
  }) {
    this.#findings = options.findings;
    this.#budget = options.budget;
    this.#paths = new EntryTable(options.budget);
    this.consumer = recordLines({
      path: REDACTIONS,
      shape: options.shape,
      findings: options.findings,
      onRecord: (record, _raw, place) => {
        this.#see(record, place);
      },
      onEnd: () => {
        this.#isThere = true;
      },
    });
  }

  /** After the last file of the archive. */
  conclude({ derivedFrom, exhibitId }: Statement, payload: PayloadTable): void {
    const stated = derivedFrom === undefined ? 'none' : String(derivedFrom.redactions);
    const found = this.#isThere ? String(this.#lines) : 'none';
    if (stated !== found)
      this.#findings.add('statement', { path: STATEMENT, expected: `derivedFrom.redactions ${found}`, found: stated });
    if (derivedFrom?.exhibitId === exhibitId)
      this.#findings.add('statement', { path: STATEMENT, expected: 'derivedFrom: another exhibit', found: exhibitId });
    this.#comparePaths(payload);
  }

  #see(record: RedactionRecord, place: string): void {
    this.#lines += 1;
    const { path, offset, kind } = record;
    const previous = this.#previous;
    this.#previous = record;
    if (!path.startsWith('data/') || !isBagPath(path)) this.#add(place, 'a path of a payload file', path);
    else if (!isAfter(record, previous))
      this.#add(place, 'a range after the one before, in another place', `${path} at ${String(offset)}`);
    else if (path !== previous?.path) this.#paths.add(path, kind);
  }

  #comparePaths(payload: PayloadTable): void {
    // A file that was split may be whole in the copy, and the other way round.
    const [whole, first] = [new EntryTable(this.#budget), new EntryTable(this.#budget)];
    this.#unmatched(this.#paths, payload, (path) => {
      whole.add(path.replace(PART, ''), path);
    });
    this.#unmatched(whole, payload, (path, named) => {
      first.add(`${path}.p0001`, named);
    });
    this.#unmatched(first, payload, (_path, named) => {
      this.#add(named, 'a masked file that is in the archive', 'no such file');
    });
  }

  /** Calls `onMissing` for what was masked and is not there; what was removed and is there is a finding. */
  #unmatched(table: EntryTable, payload: PayloadTable, onMissing: (path: string, named: string) => void): void {
    if (table.count === 0) return;
    const comparison = payload.compare(() => undefined);
    let previous: { readonly key: string; readonly isThere: boolean } | undefined;
    for (const { key, value } of table.sorted()) {
      if (previous?.key !== key) previous = { key, isThere: comparison.match(key) !== null };
      if (value === 'removed' && previous.isThere)
        this.#add(key, 'a removed file that is not in the archive', 'the file');
      if (value !== 'removed' && !previous.isThere) onMissing(key, value === 'masked' ? key : value);
    }
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

function isAfter(record: RedactionRecord, previous: RedactionRecord | null): boolean {
  if (previous === null || record.path > previous.path) return true;
  const isSameKind = record.kind === 'masked' && previous.kind === 'masked';
  return record.path === previous.path && isSameKind && record.offset >= previous.offset + previous.lengthBytes;
}
