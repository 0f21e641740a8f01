import type { Finding } from '../../model/verdict.js';
import { ACQUISITION_LOG, MANIFEST, REDACTIONS } from './bag-layout.js';
import { CustodyCheck } from './custody-check.js';
import { EntryTable, type TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import { itemsCheck } from './items-check.js';
import { LedgerCheck } from './ledger-check.js';
import { ManifestCheck } from './manifest-check.js';
import { PayloadTable } from './payload-table.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import type { RecordShapes } from './record-shapes.js';
import { RedactionsCheck } from './redactions-check.js';
import { SourcesCheck } from './sources-check.js';
import { TagFiles } from './tag-files.js';
import { UstarReader, type EntrySink } from './ustar-reader.js';

export interface BagInspectionOptions {
  readonly findings: Findings;
  readonly shapes: RecordShapes;
  readonly budget: TableBudget;
  readonly partBytes: number;
  /** What a receipt says that there is; reading ends where there is more. */
  readonly bounds: PayloadBounds | null;
}

interface PayloadBounds {
  readonly payloadFiles: number;
  readonly payloadBytes: number;
}

/** Everything that is looked at while the tar passes by once. */
export class BagInspection {
  readonly tar: UstarReader;
  readonly tagFiles: TagFiles;
  readonly payload: PayloadTable;
  readonly ledger: LedgerCheck;
  readonly custody: CustodyCheck;
  readonly redactions: RedactionsCheck;
  readonly #options: BagInspectionOptions;
  readonly #artifacts: EntryTable;
  readonly #sources: SourcesCheck;
  /** Payload paths that begin one another: few, because paths come in order. */
  readonly #beginnings: string[] = [];
  #beyond: Omit<Finding, 'check'> | null = null;
  readonly #consumers: Readonly<Record<string, () => TagConsumer>>;

  constructor(options: BagInspectionOptions) {
    const { findings, shapes, budget } = options;
    this.#options = options;
    this.tar = new UstarReader((path, sizeBytes) => this.#sinkFor(path, sizeBytes));
    this.tagFiles = new TagFiles(findings);
    this.payload = new PayloadTable(budget);
    this.#artifacts = new EntryTable(budget);
    this.#sources = new SourcesCheck(findings, budget);
    this.ledger = new LedgerCheck({ itemArtifacts: this.#artifacts, findings, shapes, budget });
    this.custody = new CustodyCheck({ shape: shapes.custody, findings, budget });
    this.redactions = new RedactionsCheck({ shape: shapes.redactions, findings, budget });
    this.#consumers = {
      [ACQUISITION_LOG]: () => this.custody.consumer,
      [MANIFEST]: () => new ManifestCheck(this.payload, findings),
      'meta/items.jsonl': () => this.#items(),
      'meta/outcomes.jsonl': () => this.ledger.outcomes(),
      'meta/plan.jsonl': () => this.ledger.plan(),
      'meta/requests.jsonl': () => this.#requests(),
      'meta/clock.jsonl': () => this.#clock(),
      'meta/actions.jsonl': () => this.#records('meta/actions.jsonl'),
      'meta/external.jsonl': () => this.#external(),
    };
  }

  /** Whether the tar broke the format, or holds more than the receipt says, so that nothing that follows means anything. */
  get isBroken(): boolean {
    return this.tar.isBroken || this.#beyond !== null;
  }

  /** Where there was more than the receipt allows, so that reading ended. */
  get beyond(): Omit<Finding, 'check'> | null {
    return this.#beyond;
  }

  #sinkFor(path: string, sizeBytes: number): EntrySink {
    if (!path.startsWith('data/')) {
      const consumer = this.#consumers[path]?.() ?? this.custody.tokens.consumerOf(path);
      return this.tagFiles.sinkFor(path, sizeBytes, consumer);
    }
    this.#weigh(path, sizeBytes);
    this.#checkFolder(path);
    const sink = this.payload.sinkFor(path, sizeBytes);
    return path === REDACTIONS ? withConsumer(sink, this.redactions.consumer) : sink;
  }

  /** A bomb is as large as its maker likes: with a receipt it is told by the header of the file that is too much. */
  #weigh(path: string, sizeBytes: number): void {
    const { bounds } = this.#options;
    if (bounds === null || this.#beyond !== null) return;
    const files = this.payload.files + 1;
    const bytes = this.payload.sizeBytes + sizeBytes;
    if (files <= bounds.payloadFiles && bytes <= bounds.payloadBytes) return;
    const expected = `at most ${String(bounds.payloadFiles)} payload files of ${String(bounds.payloadBytes)} bytes in all`;
    this.#beyond = { path, expected, found: `${String(files)} of ${String(bytes)} bytes, and more to come` };
  }

  /** Finds a payload file that is a folder of another one. */
  #checkFolder(path: string): void {
    const beginnings = this.#beginnings;
    for (let last = beginnings.at(-1); last !== undefined && !path.startsWith(last); last = beginnings.at(-1))
      beginnings.pop();
    const folder = beginnings.find((file) => path[file.length] === '/');
    if (folder !== undefined) this.#bad(path, `a folder at ${folder}`, 'a file of that name');
    beginnings.push(path);
  }

  #items(): TagConsumer {
    return itemsCheck({
      shape: this.#options.shapes.items,
      payload: this.payload,
      artifacts: this.#artifacts,
      sources: this.#sources,
      findings: this.#options.findings,
      partBytes: this.#options.partBytes,
    });
  }

  /** Each call once, in the order of its number. */
  #requests(): TagConsumer {
    let previous = 0;
    return recordLines({
      path: 'meta/requests.jsonl',
      shape: this.#options.shapes.requests,
      findings: this.#options.findings,
      onRecord: ({ seq }, _raw, place) => {
        if (seq <= previous) this.#bad(place, `seq above ${String(previous)}`, String(seq));
        previous = Math.max(previous, seq);
      },
    });
  }

  /** Intervals that are none are refused. */
  #clock(): TagConsumer {
    return recordLines({
      path: 'meta/clock.jsonl',
      shape: this.#options.shapes.clock,
      findings: this.#options.findings,
      onRecord: ({ offsetMinMs, offsetMaxMs }, _raw, place) => {
        if (offsetMinMs > offsetMaxMs)
          this.#bad(place, 'an offset from less to more', `${String(offsetMinMs)} to ${String(offsetMaxMs)}`);
      },
    });
  }

  #external(): TagConsumer {
    const { shapes, findings } = this.#options;
    return recordLines({
      ...{ path: 'meta/external.jsonl', shape: shapes.external },
      ...{ findings, onRecord: () => undefined },
    });
  }

  #records(path: string): TagConsumer {
    const { shapes, findings } = this.#options;
    return recordLines({ path, shape: shapes.anyRecord, findings, onRecord: () => undefined });
  }

  #bad(path: string, expected: string, found: string): void {
    this.#options.findings.add('grammar', { path, expected, found });
  }
}

/** A payload file that is read as records, too. */
function withConsumer(sink: EntrySink, consumer: TagConsumer): EntrySink {
  return (bytes, isLast) => {
    sink(bytes, isLast);
    consumer.write(bytes);
    if (isLast) consumer.end();
  };
}
