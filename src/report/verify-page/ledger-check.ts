import type { PlanRecord } from '../../model/artifact.js';
import type { Outcome, OutcomeCounts, OutcomeRecord } from '../../model/outcome.js';
import { LEDGER_KEY } from './bag-layout.js';
import { EntryTable, type Entry, type TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import { GapList } from './gap-list.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { RecordShapes } from './record-shapes.js';

const PLAN = 'meta/plan.jsonl';
const OUTCOMES = 'meta/outcomes.jsonl';
const ITEMS = 'meta/items.jsonl';

/** Being no gap, they rest on it. */
const NEEDS_PROOF: ReadonlySet<Outcome> = new Set(['empty', 'absent']);
const MUST_HAVE_ITEMS: ReadonlySet<Outcome> = new Set(['collected', 'partial']);
const MUST_NOT_HAVE_ITEMS: ReadonlySet<Outcome> = new Set(['absent', 'denied', 'skipped']);

type Keys = Pick<PlanRecord, 'artifact' | 'collector' | 'required'>;

/** Compares plan, outcomes and items: the same keys in plan and outcomes, every item planned, something there for what was obtained. */
export class LedgerCheck {
  readonly counts: OutcomeCounts = { collected: 0, partial: 0, empty: 0, absent: 0, denied: 0, failed: 0, skipped: 0 };
  readonly gaps = new GapList();
  readonly #findings: Findings;
  readonly #shapes: RecordShapes;
  /** What plan and outcomes must agree on. */
  readonly #summaries: EntryTable;
  readonly #itemArtifacts: EntryTable;
  readonly #previous = new Map<string, string>();
  #items: Iterator<Entry, void> | undefined;
  #next: Entry | null = null;
  #planned = 0;

  /** `itemArtifacts` is complete before the first outcome passes by. */
  constructor(options: {
    readonly itemArtifacts: EntryTable;
    readonly findings: Findings;
    readonly shapes: RecordShapes;
    readonly budget: TableBudget;
  }) {
    this.#findings = options.findings;
    this.#shapes = options.shapes;
    this.#itemArtifacts = options.itemArtifacts;
    this.#summaries = new EntryTable(options.budget);
  }

  outcomes(): TagConsumer {
    this.#items = this.#itemArtifacts.sorted();
    this.#advance();
    return recordLines({
      path: OUTCOMES,
      shape: this.#shapes.outcomes,
      findings: this.#findings,
      onRecord: (record, _raw, place) => {
        if (this.#isInOrder(OUTCOMES, record, place)) this.#outcome(record);
      },
      onEnd: () => {
        while (this.#next !== null) this.#unplannedItem(this.#next.key);
      },
    });
  }

  plan(): TagConsumer {
    return recordLines({
      path: PLAN,
      shape: this.#shapes.plan,
      findings: this.#findings,
      onRecord: (record, _raw, place) => {
        if (this.#isInOrder(PLAN, record, place)) this.#compare(record);
      },
      onEnd: () => {
        for (let left = this.#nextSummary(); left !== null; left = this.#nextSummary())
          this.#add(OUTCOMES, 'an outcome of a planned artifact', left.key);
      },
    });
  }

  #isInOrder(file: string, { artifact, collector }: Keys, place: string): boolean {
    const previous = this.#previous.get(file) ?? '';
    if (LEDGER_KEY.test(artifact) && LEDGER_KEY.test(collector) && artifact > previous) {
      this.#previous.set(file, artifact);
      return true;
    }
    const expected = `a key in printable ASCII after ${previous}`;
    this.#findings.add('grammar', { path: place, expected, found: artifact });
    return false;
  }

  #outcome(record: OutcomeRecord): void {
    const { artifact, outcome, proof } = record;
    this.counts[outcome] += 1;
    this.gaps.see(record);
    this.#summaries.add(artifact, summary(record));
    while (this.#next !== null && this.#next.key < artifact) this.#unplannedItem(this.#next.key);
    if (NEEDS_PROOF.has(outcome) && Object.keys(proof).length === 0) {
      const expected = `a proof that ${artifact} is ${outcome}`;
      this.#findings.add('grammar', { path: OUTCOMES, expected, found: 'none' });
    }
    this.#compareItems(record, this.#outcomesOfItems(record));
  }

  /** Outcomes of the items of this artifact, which are passed over. */
  #outcomesOfItems({ artifact, collector }: OutcomeRecord): Set<string> {
    const found = new Set<string>();
    while (this.#next?.key === artifact) {
      const [outcome = '', ...words] = this.#next.value.split(' ');
      const name = words.join(' ');
      found.add(outcome);
      if (name !== collector) this.#add(ITEMS, `collector ${collector} of ${artifact}`, name);
      this.#advance();
    }
    return found;
  }

  #compareItems({ artifact, outcome }: OutcomeRecord, items: ReadonlySet<string>): void {
    const what = `${artifact}, which is ${outcome}`;
    if (MUST_HAVE_ITEMS.has(outcome) && items.size === 0) this.#add(OUTCOMES, `an item of ${what}`, 'none');
    else if (outcome === 'collected' && !items.has('collected'))
      this.#add(OUTCOMES, `an item that is collected of ${what}`, [...items].join(' '));
    if (MUST_NOT_HAVE_ITEMS.has(outcome) && items.size > 0) this.#add(OUTCOMES, `no item of ${what}`, 'an item');
  }

  #compare(planned: PlanRecord): void {
    const expected = `${planned.artifact} ${summary(planned)}`;
    const next = this.#nextSummary();
    const found = next === null ? 'no further artifact' : `${next.key} ${next.value}`;
    if (found !== expected) this.#add(PLAN, found, expected);
  }

  #nextSummary(): Entry | null {
    this.#planned += 1;
    return this.#summaries.at(this.#planned - 1);
  }

  #unplannedItem(artifact: string): void {
    this.#add(ITEMS, 'an item of a planned artifact', artifact);
    while (this.#next?.key === artifact) this.#advance();
  }

  #advance(): void {
    const step = this.#items?.next();
    this.#next = step === undefined || step.done === true ? null : step.value;
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

function summary({ collector, required }: Keys): string {
  return `${collector} ${required ? 'required' : 'optional'}`;
}
