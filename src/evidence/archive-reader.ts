import { itemRecordSchema, type ItemRecord } from '../model/artifact.js';
import { custodyEntrySchema, type CustodyEntry } from '../model/custody-entry.js';
import { ExhibitError } from '../model/errors.js';
import { externalKey, externalRecordSchema, type ExternalRecord } from '../model/external.js';
import type { Statement } from '../model/exhibit.js';
import {
  emptyOutcomeCounts,
  isGap,
  outcomeRecordSchema,
  type OutcomeCounts,
  type OutcomeRecord,
} from '../model/outcome.js';
import { ACQUISITION_LOG, MAX_HELD_BYTES, STATEMENT } from './bag-layout.js';
import { OutcomeCoverage, type CoverageSummary } from './outcome-coverage.js';
import { readGzipMember } from './gzip-member-reader.js';
import { openArchive, type OpenedArchive } from './open-archive.js';
import { UstarReader, type EntrySink } from './ustar-reader.js';
import { Findings } from './verify/findings.js';
import { recordLines, type TagConsumer } from './verify/record-lines.js';
import { readStatement } from './verify/statement-check.js';

const ITEMS = 'meta/items.jsonl';
const OUTCOMES = 'meta/outcomes.jsonl';
const EXTERNAL = 'meta/external.jsonl';
const MAX_GAPS = 200;
/** Things outside that are kept; the rest is counted. */
const MAX_EXTERNAL = 1000;
/** Distinct collectors and folders that are told apart; the rest is counted under `...`. */
const MAX_GROUPS = 1000;
const REST = '...';
const FOLDER_DEPTH = 3;

export interface CollectorSummary {
  readonly collector: string;
  readonly outcomes: OutcomeCounts;
  items: number;
  sizeBytes: number;
}

export interface FolderSummary {
  /** At most three segments: `data/pods/shop`. */
  readonly folder: string;
  files: number;
  sizeBytes: number;
}

/** What an archive says of itself. Nothing in it has been verified. */
export interface ArchiveSummary {
  readonly statement: Statement;
  /** At most 200, in the order of their keys; `gapsTotal` counts all. */
  readonly gaps: readonly OutcomeRecord[];
  readonly gapsTotal: number;
  /** Sorted by name. */
  readonly collectors: readonly CollectorSummary[];
  /** Sorted by path. */
  readonly folders: readonly FolderSummary[];
  /** Of artifacts that were expected or not by what their node is. */
  readonly coverage: readonly CoverageSummary[];
  /** What stays outside, at most 1,000, each as it was when it was looked at last. */
  readonly external: readonly ExternalRecord[];
  readonly containerSha256: string;
  readonly sizeBytes: number;
}

function groupOf<T>(groups: Map<string, T>, name: string, make: (name: string) => T): T {
  const key = groups.has(name) || groups.size < MAX_GROUPS ? name : REST;
  const group = groups.get(key) ?? make(key);
  groups.set(key, group);
  return group;
}

function sorted<T>(groups: Map<string, T>): T[] {
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

class SummaryReader {
  readonly #findings: Findings;
  readonly #collectors = new Map<string, CollectorSummary>();
  readonly #folders = new Map<string, FolderSummary>();
  readonly #coverage = new OutcomeCoverage();
  readonly #gaps: OutcomeRecord[] = [];
  #gapsTotal = 0;
  readonly #external = new Map<string, ExternalRecord>();
  #statement: Statement | null = null;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  consumer(path: string): TagConsumer | null {
    const findings = this.#findings;
    if (path === ITEMS)
      return recordLines({
        path,
        schema: itemRecordSchema,
        findings,
        onRecord: (item) => {
          this.#item(item);
        },
      });
    if (path === OUTCOMES)
      return recordLines({
        path,
        schema: outcomeRecordSchema,
        findings,
        onRecord: (record) => {
          this.#outcome(record);
        },
      });
    if (path === EXTERNAL)
      return recordLines({
        path,
        schema: externalRecordSchema,
        findings,
        onRecord: (record) => {
          const key = externalKey(record);
          if (this.#external.has(key) || this.#external.size < MAX_EXTERNAL) this.#external.set(key, record);
        },
      });
    return path === STATEMENT ? this.#statementConsumer() : null;
  }

  summary(container: { readonly containerSha256: string; readonly sizeBytes: number }): ArchiveSummary {
    if (this.#statement === null)
      throw new ExhibitError('VERIFY_FAILED', 'The archive has no statement that can be read.');
    const { containerSha256, sizeBytes } = container;
    return {
      statement: this.#statement,
      gaps: this.#gaps,
      gapsTotal: this.#gapsTotal,
      collectors: sorted(this.#collectors),
      folders: sorted(this.#folders),
      coverage: this.#coverage.summary(),
      external: [...this.#external.values()],
      containerSha256,
      sizeBytes,
    };
  }

  #item(item: ItemRecord): void {
    const collector = this.#collector(item.collector);
    collector.items += 1;
    collector.sizeBytes += item.sizeBytes;
    const name = item.path.split('/').slice(0, -1).slice(0, FOLDER_DEPTH).join('/');
    const folder = groupOf(this.#folders, name, (key) => ({ folder: key, files: 0, sizeBytes: 0 }));
    folder.files += 1;
    folder.sizeBytes += item.sizeBytes;
  }

  #outcome(record: OutcomeRecord): void {
    this.#collector(record.collector).outcomes[record.outcome] += 1;
    this.#coverage.add(record);
    if (!isGap(record)) return;
    this.#gapsTotal += 1;
    if (this.#gaps.length < MAX_GAPS) this.#gaps.push(record);
  }

  #collector(name: string): CollectorSummary {
    return groupOf(this.#collectors, name, (collector) => ({
      collector,
      outcomes: emptyOutcomeCounts(),
      items: 0,
      sizeBytes: 0,
    }));
  }

  #statementConsumer(): TagConsumer {
    const pieces: Buffer[] = [];
    let heldBytes = 0;
    return {
      write: (bytes) => {
        heldBytes += bytes.length;
        if (heldBytes <= MAX_HELD_BYTES) pieces.push(Buffer.from(bytes));
      },
      end: () => {
        this.#statement = readStatement(Buffer.concat(pieces), this.#findings);
      },
    };
  }
}

/** How an archive is opened: `openArchive`, or with a key where it is encrypted. */
type Open = (path: string) => Promise<OpenedArchive>;
type ConsumerOf = (path: string) => TagConsumer | null;

function sinkOf(consumer: TagConsumer | null): EntrySink {
  return (bytes, isLast) => {
    consumer?.write(bytes);
    if (isLast) consumer?.end();
  };
}

/** Walks the archive once. Throws as `openArchive` does, and `VERIFY_FAILED` with the first reason why it is not readable as exhibit/1. */
async function walk(
  path: string,
  { findings, consumerOf, open }: { readonly findings: Findings; readonly consumerOf: ConsumerOf; readonly open: Open },
): Promise<{ containerSha256: string; sizeBytes: number }> {
  const { file } = await open(path);
  try {
    const tar = new UstarReader({ onFile: (inner) => sinkOf(consumerOf(inner)) });
    const member = await readGzipMember(file, {
      onBytes: (bytes) => {
        tar.push(bytes);
      },
    });
    const violation = tar.finish();
    if (violation !== null) findings.add('grammar', violation);
    if (member.problem !== null) findings.add('container', { path: '', ...member.problem });
    const [first] = findings.kept;
    if (first === undefined) return member;
    throw new ExhibitError(
      'VERIFY_FAILED',
      `The archive cannot be read: expected ${first.expected}, found ${first.found}.`,
      {
        subject: first.path,
        hints: ['exhibit verify ARCHIVE'],
      },
    );
  } finally {
    await file.close();
  }
}

/**
 * Reads what an archive says of itself, in one pass and without unpacking it. Checks form, not hashes or signatures: that is
 * `verifyArchive`. Throws `USAGE_INVALID`, `STORAGE_FAILED`, and `VERIFY_FAILED` for an archive that is not readable as exhibit/1.
 */
export async function readArchiveSummary(path: string, open: Open = openArchive): Promise<ArchiveSummary> {
  const findings = new Findings();
  const reader = new SummaryReader(findings);
  const container = await walk(path, { findings, open, consumerOf: (inner) => reader.consumer(inner) });
  return reader.summary(container);
}

/** Calls `onItem` for every line of meta/items.jsonl, in the order of the paths. Throws as `readArchiveSummary`, at the end of the walk. */
export async function listItems(
  path: string,
  onItem: (item: ItemRecord) => void,
  open: Open = openArchive,
): Promise<void> {
  const findings = new Findings();
  const consumerOf: ConsumerOf = (inner) =>
    inner === ITEMS ? recordLines({ path: inner, schema: itemRecordSchema, findings, onRecord: onItem }) : null;
  await walk(path, { findings, open, consumerOf });
}

/** Calls `onEntry` for every line of the acquisition log in its order. Throws as `listItems`. */
export async function listCustody(path: string, onEntry: (entry: CustodyEntry) => void): Promise<void> {
  const findings = new Findings();
  const consumerOf: ConsumerOf = (inner) =>
    inner === ACQUISITION_LOG
      ? recordLines({ path: inner, schema: custodyEntrySchema, findings, onRecord: onEntry })
      : null;
  await walk(path, { findings, open: openArchive, consumerOf });
}
