import { z } from 'zod';
import { ACQUISITION_LOG, MANIFEST } from '../bag-layout.js';
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
import { SourcesCheck } from './sources-check.js';
import { TagFiles } from './tag-files.js';

const SORT_MEMORY_BYTES = 2 * 1024 * 1024;

/** Records without a fixed shape in this version. */
const anyRecord = z.record(z.string(), z.unknown());

export interface BagInspectionOptions {
  readonly findings: Findings;
  readonly scratchDirectory: string;
  readonly partBytes?: number;
}

/** Everything that is looked at while the tar passes by once. */
export class BagInspection {
  readonly tagFiles: TagFiles;
  readonly payload: PayloadLedger;
  readonly ledger: LedgerCheck;
  readonly custody: CustodyChain;
  readonly #findings: Findings;
  readonly #artifacts: SortedSpill;
  readonly #folders: FolderCheck;
  readonly #sources: SourcesCheck;
  readonly #tar: UstarReader;
  readonly #consumers: Readonly<Record<string, () => TagConsumer>>;

  constructor({ findings, scratchDirectory, partBytes }: BagInspectionOptions) {
    this.#findings = findings;
    this.tagFiles = new TagFiles(findings);
    this.payload = new PayloadLedger(scratchDirectory);
    this.#artifacts = new SortedSpill({ directory: scratchDirectory, maxMemoryBytes: SORT_MEMORY_BYTES });
    this.ledger = new LedgerCheck({ itemArtifacts: this.#artifacts, findings, directory: scratchDirectory });
    this.custody = new CustodyChain(findings, scratchDirectory);
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
      'meta/clock.jsonl': () => clockCheck(findings),
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

  push(bytes: Buffer): void {
    this.#tar.push(bytes);
  }

  /** Whether the tar broke the format, so that nothing that follows means anything. */
  get isBroken(): boolean {
    return this.#tar.isBroken;
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
  }

  #sinkFor(path: string, sizeBytes: number): EntrySink {
    if (path.startsWith('data/')) {
      this.#folders.see(path);
      return this.payload.sinkFor(path, sizeBytes);
    }
    return this.tagFiles.sinkFor(path, sizeBytes, this.#consumers[path]?.() ?? null);
  }

  #records(path: string, schema: z.ZodType): TagConsumer {
    return recordLines({ path, schema, findings: this.#findings, onRecord: () => undefined });
  }
}
