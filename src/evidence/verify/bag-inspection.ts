import { z } from 'zod';
import { externalRecordSchema } from '../../model/external.js';
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
  readonly custodyEntries?: number;
}

/** So much more is read all the same: what was added then has a name in the findings. */
const MORE_FILES = 10_000;
const MORE_BYTES = 64 * 1024 * 1024;
/** Of the custody log, beside what its entries may have: an opening and a plan name much, the others little. */
const CUSTODY_BYTES = 1024 * 1024;
const CUSTODY_ENTRY_BYTES = 64 * 1024;

/** What bag-info.txt says of the payload, which it precedes; the statement must say the same later. */
function statedBounds(bagInfo: Buffer | null): PayloadBounds | null {
  const [, bytes, files] = /^Payload-Oxum: (\d{1,15})\.(\d{1,15})$/m.exec(bagInfo?.toString('latin1') ?? '') ?? [];
  return bytes === undefined || files === undefined
    ? null
    : { payloadBytes: Number(bytes), payloadFiles: Number(files) };
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
  #bounds: PayloadBounds | null;
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
      'meta/external.jsonl': () => this.#records('meta/external.jsonl', externalRecordSchema),
    };
  }

  /** Name of the bag's folder. */
  get root(): string {
    return this.#tar.root;
  }

  get mtimeSeconds(): number {
    return this.#tar.mtimeSeconds;
  }

  /** Where there was more than receipt or bag-info.txt allow, so that reading ended. */
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
    this.#weigh(path, sizeBytes);
    if (path.startsWith('data/')) {
      this.#folders.see(path);
      const sink = this.payload.sinkFor(path, sizeBytes);
      return path === REDACTIONS ? withConsumer(sink, this.redactions.consumer) : sink;
    }
    return this.tagFiles.sinkFor(path, sizeBytes, this.#consumers[path]?.() ?? this.custody.tokens.consumerOf(path));
  }

  /** A bomb is as large as its maker likes: it is told by the header of the file that is more than receipt or bag-info.txt say. */
  #weigh(path: string, sizeBytes: number): void {
    if (this.#beyond !== null) return;
    const isPayload = path.startsWith('data/');
    const { custodyEntries } = this.#bounds ?? {};
    if (path === ACQUISITION_LOG && custodyEntries !== undefined) {
      const mostBytes = CUSTODY_BYTES + custodyEntries * CUSTODY_ENTRY_BYTES;
      if (sizeBytes > mostBytes)
        this.#beyond = {
          path,
          expected: `at most ${String(mostBytes)} bytes for ${String(custodyEntries)} entries`,
          found: String(sizeBytes),
        };
    }
    if (!isPayload) return;
    this.#bounds ??= statedBounds(this.tagFiles.held('bag-info.txt'));
    if (this.#bounds === null) return;
    const { payloadFiles, payloadBytes } = this.#bounds;
    const files = this.payload.files + 1;
    const bytes = this.payload.sizeBytes + sizeBytes;
    if (files <= payloadFiles + MORE_FILES && bytes <= payloadBytes + MORE_BYTES) return;
    const expected = `${String(payloadFiles)} payload files of ${String(payloadBytes)} bytes in all`;
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
