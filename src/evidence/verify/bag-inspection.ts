import { z } from 'zod';
import type { Finding } from '../../model/verdict.js';
import { ACQUISITION_LOG, MANIFEST, REDACTIONS } from '../bag-layout.js';
import { SortedSpill } from '../sorted-spill.js';
import { UstarReader, type EntrySink } from '../ustar-reader.js';
import { CustodyChain } from './custody-chain.js';
import type { Findings } from './findings.js';
import { FolderCheck } from './folder-check.js';
import { itemsCheck } from './items-check.js';
import { LedgerCheck } from './ledger-check.js';
import { ManifestCheck } from './manifest-check.js';
import { clockCheck, requestsCheck } from './observation-checks.js';
import { PayloadLedger } from './payload-ledger.js';
import { recordLines, type TagConsumer } from './record-lines.js';
import { RedactionsCheck } from './redactions-check.js';
import { SourcesCheck } from './sources-check.js';
import { TagFiles } from './tag-files.js';

const SORT_MEMORY_BYTES = 2 * 1024 * 1024;

/** Records without a fixed shape in this version. */
const anyRecord = z.record(z.string(), z.unknown());

export interface BagInspectionOptions {
  readonly findings: Findings;
  readonly scratchDirectory: string;
  readonly partBytes?: number;
  /** What a receipt says that there is; reading ends where there is more. */
  readonly bounds?: PayloadBounds | null;
}

export interface PayloadBounds {
  readonly payloadFiles: number;
  readonly payloadBytes: number;
}

/** Everything that is looked at while the tar passes by once. */
export class BagInspection {
  readonly tagFiles: TagFiles;
  readonly payload: PayloadLedger;
  readonly ledger: LedgerCheck;
  readonly custody: CustodyChain;
  readonly redactions: RedactionsCheck;
  readonly #findings: Findings;
  readonly #clockAlarms = new Map<string, string>();
  readonly #bounds: PayloadBounds | null;
  #beyond: Omit<Finding, 'check'> | null = null;
  readonly #artifacts: SortedSpill;
  readonly #folders: FolderCheck;
  readonly #sources: SourcesCheck;
  readonly #tar: UstarReader;
  readonly #consumers: Readonly<Record<string, () => TagConsumer>>;

  constructor({ findings, scratchDirectory, partBytes, bounds = null }: BagInspectionOptions) {
    this.#findings = findings;
    this.#bounds = bounds;
    this.tagFiles = new TagFiles(findings);
    this.payload = new PayloadLedger(scratchDirectory);
    this.#artifacts = new SortedSpill({ directory: scratchDirectory, maxMemoryBytes: SORT_MEMORY_BYTES });
    this.ledger = new LedgerCheck({ itemArtifacts: this.#artifacts, findings, directory: scratchDirectory });
    this.custody = new CustodyChain(findings, scratchDirectory);
    this.redactions = new RedactionsCheck(findings, scratchDirectory);
    this.#folders = new FolderCheck(findings);
    this.#sources = new SourcesCheck(findings, scratchDirectory);
    this.#tar = new UstarReader({ onFile: (path, sizeBytes) => this.#sinkFor(path, sizeBytes) });
    this.#consumers = {
      [ACQUISITION_LOG]: () => this.custody.consumer,
      [MANIFEST]: () => new ManifestCheck(this.payload, findings),
      'meta/items.jsonl': () =>
        itemsCheck({
          ledger: this.payload,
          artifacts: this.#artifacts,
          sources: this.#sources,
          findings,
          ...(partBytes === undefined ? {} : { partBytes }),
        }),
      'meta/outcomes.jsonl': () => this.ledger.outcomes(),
      'meta/plan.jsonl': () => this.ledger.plan(),
      'meta/requests.jsonl': () => requestsCheck(findings),
      'meta/clock.jsonl': () => clockCheck(findings, this.#clockAlarms),
      'meta/actions.jsonl': () => this.#records('meta/actions.jsonl', anyRecord),
      'meta/external.jsonl': () => this.#records('meta/external.jsonl', anyRecord),
    };
  }

  /** Name of the bag's folder. */
  get root(): string {
    return this.#tar.root;
  }

  get mtimeSeconds(): number {
    return this.#tar.mtimeSeconds;
  }

  /** Where there was more than the receipt allows, so that reading ended. */
  get beyond(): Omit<Finding, 'check'> | null {
    return this.#beyond;
  }

  /** Clocks that contradict the one of the collection. */
  get clockAlarms(): readonly string[] {
    return [...this.#clockAlarms.values()];
  }

  push(bytes: Buffer): void {
    this.#tar.push(bytes);
  }

  /** Whether the tar broke the format, or holds more than the receipt says, so that nothing that follows means anything. */
  get isBroken(): boolean {
    return this.#tar.isBroken || this.#beyond !== null;
  }

  /** After the last byte: whether the tar was whole and canonical, so that what was counted means something. */
  finish(): boolean {
    const violation = this.#tar.finish();
    if (violation !== null) this.#findings.add('grammar', violation);
    return violation === null;
  }

  dispose(): void {
    this.payload.dispose();
    this.ledger.dispose();
    this.#artifacts.dispose();
    this.#sources.dispose();
    this.custody.story.dispose();
    this.redactions.dispose();
  }

  #sinkFor(path: string, sizeBytes: number): EntrySink {
    if (path.startsWith('data/')) {
      this.#weigh(path, sizeBytes);
      this.#folders.see(path);
      const sink = this.payload.sinkFor(path, sizeBytes);
      return path === REDACTIONS ? withConsumer(sink, this.redactions.consumer) : sink;
    }
    return this.tagFiles.sinkFor(path, sizeBytes, this.#consumers[path]?.() ?? this.custody.tokens.consumerOf(path));
  }

  /** A bomb is as large as its maker likes: with a receipt it is told by the header of the file that is too much. */
  #weigh(path: string, sizeBytes: number): void {
    if (this.#bounds === null || this.#beyond !== null) return;
    const { payloadFiles, payloadBytes } = this.#bounds;
    const files = this.payload.files + 1;
    const bytes = this.payload.sizeBytes + sizeBytes;
    if (files <= payloadFiles && bytes <= payloadBytes) return;
    const expected = `at most ${String(payloadFiles)} payload files of ${String(payloadBytes)} bytes in all`;
    this.#beyond = { path, expected, found: `${String(files)} of ${String(bytes)} bytes, and more to come` };
  }

  #records(path: string, schema: z.ZodType): TagConsumer {
    return recordLines({ path, schema, findings: this.#findings, onRecord: () => undefined });
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
