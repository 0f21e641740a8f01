import { planRecordSchema, type PlanRecord } from '../../model/artifact.js';
import { emptyOutcomeCounts, isGap, outcomeRecordSchema, type OutcomeRecord } from '../../model/outcome.js';
import type { SortedSpill } from '../sorted-spill.js';
import type { SpillEntry } from '../spill-run.js';
import type { Findings } from './findings.js';
import { LineSpill, type LineCursor } from './line-spill.js';
import { recordLines, type TagConsumer } from './record-lines.js';

const PLAN = 'meta/plan.jsonl';
const OUTCOMES = 'meta/outcomes.jsonl';
const MAX_MEMORY_BYTES = 4 * 1024 * 1024;
/** What the ports demand of an artifact's key, and what a collector's name is; it also keeps the spill's columns apart. */
const KEY = /^[\x20-\x7e]{1,1024}$/;

/** Compares plan, outcomes and items: the same keys in plan and outcomes, every item planned, something there for what was obtained. */
export class LedgerCheck {
  readonly counts = emptyOutcomeCounts();
  readonly #findings: Findings;
  readonly #spill: LineSpill;
  readonly #itemArtifacts: SortedSpill;
  #sorted: Iterator<SpillEntry, void> | undefined;
  #nextItemArtifact: string | null = null;
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
    this.#advanceItems();
    return recordLines({
      path: OUTCOMES,
      schema: outcomeRecordSchema,
      findings: this.#findings,
      onRecord: (record, _raw, place) => {
        if (this.#isInOrder(OUTCOMES, record, place)) this.#outcome(record);
      },
      onEnd: () => {
        while (this.#nextItemArtifact !== null) this.#unplannedItem(this.#nextItemArtifact);
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
    if (KEY.test(artifact) && KEY.test(collector) && artifact > previous) {
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
    while (this.#nextItemArtifact !== null && this.#nextItemArtifact < record.artifact)
      this.#unplannedItem(this.#nextItemArtifact);
    const hasItems = this.#nextItemArtifact === record.artifact;
    if (hasItems) this.#advanceItems();
    const isObtained = record.outcome === 'collected' || record.outcome === 'partial';
    if (isObtained && !hasItems)
      this.#add(OUTCOMES, `an item of ${record.artifact}, which is ${record.outcome}`, 'none');
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
    this.#advanceItems();
  }

  #advanceItems(): void {
    const before = this.#nextItemArtifact;
    do {
      const step = this.#sorted?.next();
      this.#nextItemArtifact = step === undefined || step.done === true ? null : step.value.key;
    } while (this.#nextItemArtifact !== null && this.#nextItemArtifact === before);
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

/** What plan and outcomes must agree on, as one line. */
function summary({ artifact, collector, required }: Pick<PlanRecord, 'artifact' | 'collector' | 'required'>): string {
  return `${artifact}\t${collector}\t${required ? 'required' : 'optional'}`;
}
