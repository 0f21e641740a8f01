import { asciiJson } from '../../lib/ascii-json.js';
import { valueAt } from '../../lib/untyped.js';
import type { CustodyEntry } from '../../model/custody-entry.js';
import type { Statement } from '../../model/exhibit.js';
import { ACQUISITION_LOG } from './bag-layout.js';
import { EntryTable, type TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import type { PayloadTable } from './payload-table.js';
import type { Observed } from './statement-check.js';

const IDENTITY = ['caseId', 'exhibitId', 'sequence', 'kind'] as const;

/**
 * What the entries of the custody log tell, beside their chain: one `open` at the start with the identity of the exhibit, every payload
 * file once as `item`, after a `seal` that died `interrupted` and `resumed`, and in the last `seal` the counts.
 */
export class CustodyStory {
  readonly #findings: Findings;
  readonly #items: EntryTable;
  #first: CustodyEntry | null = null;
  #last: CustodyEntry | null = null;
  /** Between a `seal` that died and its `resumed`. */
  #isUnresumed = false;

  constructor(findings: Findings, budget: TableBudget) {
    this.#findings = findings;
    this.#items = new EntryTable(budget);
  }

  see(entry: CustodyEntry, place: string): void {
    if ((entry.event === 'open') !== (this.#first === null))
      this.#add(place, 'open as the first event and nowhere else', entry.event);
    this.#first ??= entry;
    if (this.#last?.event === 'seal') {
      this.#isUnresumed = true;
      if (entry.event !== 'interrupted') this.#add(place, 'interrupted after a seal that died', entry.event);
    }
    if (entry.event === 'resumed') this.#isUnresumed = false;
    if (entry.event === 'seal' && this.#isUnresumed) this.#add(place, 'resumed between two seals', 'another seal');
    if (entry.event === 'item') this.#item(entry, place);
    this.#last = entry;
  }

  /** After the last file of the archive. */
  conclude(statement: Statement, observed: Observed, payload: PayloadTable): void {
    for (const name of IDENTITY) this.#compare(`open: ${name}`, this.#first?.[name], statement[name]);
    if (this.#last?.event === 'seal') this.#compareSeal(this.#last, observed);
    this.#compareItems(payload);
  }

  /** Fingerprint of the first signer as the last `seal` names it; `null` when it names none. */
  get sealedBy(): string | null {
    const signer = this.#last?.event === 'seal' ? this.#last['signer'] : null;
    return typeof signer === 'string' ? signer : null;
  }

  #item({ path, sha256, sizeBytes }: CustodyEntry, place: string): void {
    if (typeof path === 'string' && typeof sha256 === 'string' && typeof sizeBytes === 'number')
      this.#items.add(path, `${sha256} ${String(sizeBytes)}`);
    else this.#add(place, 'path, sha256 and sizeBytes of an item', 'other fields');
  }

  #compareSeal(seal: CustodyEntry, observed: Observed): void {
    const { payloadFiles, payloadBytes, outcomeCounts, gaps } = observed;
    const planned = Object.values(outcomeCounts).reduce((sum, count) => sum + count, 0);
    const expected = { payloadFiles, payloadBytes, planned, gaps };
    for (const [name, value] of Object.entries(expected)) this.#compare(`seal: ${name}`, seal[name], value);
    for (const [outcome, count] of Object.entries(outcomeCounts))
      this.#compare(`seal: outcomes.${outcome}`, valueAt(seal, 'outcomes', outcome), count);
  }

  #compareItems(payload: PayloadTable): void {
    const comparison = payload.compare((path, what) => {
      const isUnlisted = what === 'not-listed';
      this.#add(path, isUnlisted ? 'an entry item in the custody log' : 'a payload file, named once', 'none');
    });
    for (const { key, value } of this.#items.sorted()) {
      const file = comparison.match(key);
      const found = file === null ? value : `${file.sha256} ${String(file.sizeBytes)}`;
      if (found !== value) this.#add(key, `${value}, as the custody log has it`, found);
    }
    comparison.end();
  }

  #compare(what: string, stated: unknown, expected: string | number): void {
    if (stated === expected) return;
    this.#add(ACQUISITION_LOG, `${what} ${String(expected)}`, stated === undefined ? 'none' : textOf(stated));
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('chain', { path, expected, found });
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : asciiJson(value);
}
