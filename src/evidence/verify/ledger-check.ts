import { planRecordSchema, type PlanRecord } from '../../model/artifact.js';
import {
  emptyOutcomeCounts,
  isGap,
  outcomeRecordSchema,
  type Outcome,
  type OutcomeRecord,
} from '../../model/outcome.js';
import { LEDGER_KEY } from '../bag-layout.js';
import type { SortedSpill } from '../sorted-spill.js';
import type { SpillEntry } from '../spill-run.js';
import type { Findings } from './findings.js';
import { LineSpill, type LineCursor } from './line-spill.js';
import { recordLines, type TagConsumer } from './record-lines.js';

const PLAN = 'meta/plan.jsonl';
const OUTCOMES = 'meta/outcomes.jsonl';
const MAX_MEMORY_BYTES = 4 * 1024 * 1024;

/** Being no gap, they rest on it. */
const NEEDS_PROOF: ReadonlySet<Outcome> = new Set(['empty', 'absent']);
const MUST_HAVE_ITEMS: ReadonlySet<Outcome> = new Set(['collected', 'partial']);
const MUST_NOT_HAVE_ITEMS: ReadonlySet<Outcome> = new Set(['absent', 'denied', 'skipped']);

/** Compares plan, outcomes and items: the same keys in plan and outcomes, every item planned, something there for what was obtained. */
export class LedgerCheck {
  readonly counts = emptyOutcomeCounts();
  readonly #findings: Findings;
  readonly #spill: LineSpill;
  readonly #itemArtifacts: SortedSpill;
  #sorted: Iterator<SpillEntry, void> | undefined;
  #next: SpillEntry | null = null;
  #cursor: LineCursor | undefined;
  #previous: Record<string, string> = {};
  #gaps = 0;

  /** `itemArtifacts` is complete before the first outcome passes by. The caller disposes of it. */
  constructor(options: {
    readonly itemArtifacts: SortedSpill;
    readonly findings: Findings;
    readonly directory: string;
  }) {
    this.#findings = options.findings;
    this.#itemArtifacts = options.itemArtifacts;
    this.#spill = new LineSpill({ directory: options.directory, maxMemoryBytes: MAX_MEMORY_BYTES });
  }

  get gaps(): number {
    return this.#gaps;
  }

  outcomes(): TagConsumer {
    this.#sorted = this.#itemArtifacts.drainSync();
    this.#advance();
    return recordLines({
      path: OUTCOMES,
      schema: outcomeRecordSchema,
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
    this.#cursor = this.#spill.cursor();
    return recordLines({
      path: PLAN,
      schema: planRecordSchema,
      findings: this.#findings,
      onRecord: (record, _raw, place) => {
        if (this.#isInOrder(PLAN, record, place)) this.#compare(record);
      },
      onEnd: () => {
        for (let left = this.#cursor?.next() ?? null; left !== null; left = this.#cursor?.next() ?? null) {
          this.#add(OUTCOMES, 'an outcome of a planned artifact', left.split('\t', 1)[0] ?? '');
        }
      },
    });
  }

  dispose(): void {
    this.#spill.dispose();
  }

  #isInOrder(
    file: string,
    { artifact, collector }: Pick<PlanRecord, 'artifact' | 'collector'>,
    place: string,
  ): boolean {
    const previous = this.#previous[file] ?? '';
    if (LEDGER_KEY.test(artifact) && LEDGER_KEY.test(collector) && artifact > previous) {
      this.#previous[file] = artifact;
      return true;
    }
    this.#findings.add('grammar', {
      path: place,
      expected: `a key in printable ASCII after ${previous}`,
      found: artifact,
    });
    return false;
  }

  #outcome(record: OutcomeRecord): void {
    this.counts[record.outcome] += 1;
    if (isGap(record)) this.#gaps += 1;
    this.#spill.add(summary(record));
    while (this.#next !== null && this.#next.key < record.artifact) this.#unplannedItem(this.#next.key);
    if (NEEDS_PROOF.has(record.outcome) && Object.keys(record.proof).length === 0)
      this.#bad(`a proof that ${record.artifact} is ${record.outcome}`, 'none');
    this.#compareItems(record, this.#outcomesOfItems(record));
  }

  /** Outcomes of the items of this artifact, which are passed over. */
  #outcomesOfItems({ artifact, collector }: OutcomeRecord): Set<string> {
    const found = new Set<string>();
    while (this.#next?.key === artifact) {
      const [outcome = '', ...words] = this.#next.value.split(' ');
      const name = words.join(' ');
      found.add(outcome);
      if (name !== collector) this.#add('meta/items.jsonl', `collector ${collector} of ${artifact}`, name);
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

  #bad(expected: string, found: string): void {
    this.#findings.add('grammar', { path: OUTCOMES, expected, found });
  }

  #compare(planned: PlanRecord): void {
    const expected = summary(planned);
    const found = this.#cursor?.next() ?? null;
    if (found === expected) return;
    this.#add(
      PLAN,
      found === null ? 'no further artifact' : found.replaceAll('\t', ' '),
      expected.replaceAll('\t', ' '),
    );
  }

  #unplannedItem(artifact: string): void {
    this.#add('meta/items.jsonl', 'an item of a planned artifact', artifact);
    while (this.#next?.key === artifact) this.#advance();
  }

  #advance(): void {
    const step = this.#sorted?.next();
    this.#next = step === undefined || step.done === true ? null : step.value;
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

/** What plan and outcomes must agree on, as one line. */
function summary({ artifact, collector, required }: Pick<PlanRecord, 'artifact' | 'collector' | 'required'>): string {
  return `${artifact}\t${collector}\t${required ? 'required' : 'optional'}`;
}
