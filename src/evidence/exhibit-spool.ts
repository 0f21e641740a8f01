import type { ChainedLog } from '../custody/chained-log.js';
import { OpenedCustodyLog } from '../custody/custody-log.js';
import type { CustodyLog } from '../custody/custody-log.js';
import { scanLines } from '../custody/line-scanner.js';
import { releaseTorn } from '../custody/torn-tail.js';
import { asciiJson } from '../lib/ascii-json.js';
import { readLines } from '../lib/read-lines.js';
import type { PlanRecord } from '../model/artifact.js';
import type { CustodyEvent } from '../model/custody-entry.js';
import { ExhibitError } from '../model/errors.js';
import type { Kind } from '../model/exhibit.js';
import type { ExternalRecord } from '../model/external.js';
import type { OutcomeCounts, OutcomeRecord } from '../model/outcome.js';
import { isGap, outcomeRecordSchema } from '../model/outcome.js';
import type { ClockRecord } from '../model/request.js';
import type { EvidenceSink } from '../ports/evidence-sink.js';
import type { RequestLog } from '../ports/request-log.js';
import { assertOutcome } from './assert-outcome.js';
import { FileEvidenceSink } from './file-evidence-sink.js';
import { ItemCommitter } from './item-committer.js';
import type { PendingItem } from './item-committer.js';
import { interruptionOf } from './interruption.js';
import { ENDED, OBTAINED, PLANNED } from './key-set.js';
import type { Opening } from './opening.js';
import { readOpening } from './opening.js';
import { createFile, ensurePrivateDirectory, readPrivateFile, removeFile, replaceFile } from './private-files.js';
import type { RecoveredSpool } from './recover-spool.js';
import { recoverSpool } from './recover-spool.js';
import type { SpoolInfo } from './spool-info.js';
import type { SpoolLayout } from './spool-layout.js';
import { gapFields, outcomeLine, planLine } from './spool-ledger.js';
import type { Clock } from '../ports/clock.js';

export type { Opening } from './opening.js';

export interface ExhibitCounts {
  readonly planned: number;
  readonly outcomes: OutcomeCounts;
  readonly outcomesTotal: number;
  readonly items: number;
  readonly payloadBytes: number;
}

/**
 * An exhibit that is being collected. Whatever a method's promise has resolved for survives a power cut. One process at a time: the
 * lock of the case sees to it. Everything throws `STORAGE_FULL` or `STORAGE_FAILED` for what the disk does.
 */
export interface ExhibitSpool {
  readonly exhibitId: string;
  readonly sequence: number;
  readonly kind: Kind;
  readonly directory: string;
  /** For the workflow's own files; never sealed. */
  readonly runDirectory: string;
  readonly layout: SpoolLayout;
  readonly custody: CustodyLog;
  readonly sink: EvidenceSink;
  readonly requestLog: RequestLog;
  /** `null` until `writeOpening`. */
  opening(): Opening | null;
  /** Once. Its custody entry `open` is the first one, unless something had to be recorded before. */
  writeOpening(opening: Opening): Promise<void>;
  /** Replaces it, for instance by one with a wider scope: the custody log says so in a `preflight` entry, the statement states the last. */
  updateOpening(opening: Opening): Promise<void>;
  /** Ignored when the artifact is already planned. Throws `INTERNAL` for a key outside the grammar or a record that is too long. */
  plan(record: PlanRecord): Promise<void>;
  /** Several with one sync: all of them or, when one is refused, none. */
  planMany(records: readonly PlanRecord[]): Promise<void>;
  /**
   * Throws `INTERNAL` for an artifact that is not planned, has its outcome, or is `collected` or `partial` without an item, and for a
   * record that is too long.
   * A gap also gets a custody entry.
   */
  outcome(record: OutcomeRecord): Promise<void>;
  /** Several different ones with one sync each of ledger and custody log. */
  outcomeMany(records: readonly OutcomeRecord[]): Promise<void>;
  hasPlan(artifact: string): boolean;
  hasOutcome(artifact: string): boolean;
  /** The outcomes so far, in the order in which they came. */
  readOutcomes(): AsyncGenerator<OutcomeRecord>;
  clock(record: ClockRecord): Promise<void>;
  /** What stays outside, as it is now; also later, when it has changed. */
  external(record: ExternalRecord): Promise<void>;
  counts(): ExhibitCounts;
  /** Aborts open items, flushes, closes. The exhibit stays open in the case. */
  close(): Promise<void>;
}

export interface OpenSpoolOptions {
  readonly layout: SpoolLayout;
  readonly info: SpoolInfo;
  readonly caseId: string;
  readonly clock: Clock;
  readonly actor: string;
  readonly seed: string;
  readonly partBytes?: number;
}

/** Opens a spool and repairs what a crash left: see `recoverSpool`. An interruption is recorded in the custody log. */
export async function openExhibitSpool(options: OpenSpoolOptions): Promise<FileExhibitSpool> {
  const { layout } = options;
  const unclean = (await readPrivateFile(layout.inUse)) !== null;
  if (!unclean) await createFile(layout.inUse, '');
  for (const directory of [layout.data, layout.run]) ensurePrivateDirectory(directory);
  const opening = await readOpening(layout.opening);
  const recovered = await recoverSpool({ ...options, unclean });
  const spool = new FileExhibitSpool(options, recovered, opening);
  await spool.recordInterruption(interruptionOf(recovered, unclean));
  return spool;
}

export class FileExhibitSpool implements ExhibitSpool {
  readonly exhibitId: string;
  readonly sequence: number;
  readonly kind: Kind;
  readonly layout: SpoolLayout;
  readonly custody: CustodyLog;
  readonly sink: FileEvidenceSink;
  readonly requestLog: RequestLog;
  readonly #options: OpenSpoolOptions;
  readonly #spool: RecoveredSpool;
  readonly #log: ChainedLog<CustodyEvent>;
  #opening: Opening | null;
  #closed = false;

  constructor(options: OpenSpoolOptions, spool: RecoveredSpool, opening: Opening | null) {
    this.exhibitId = options.info.exhibitId;
    this.sequence = options.info.sequence;
    this.kind = options.info.kind;
    this.layout = options.layout;
    this.requestLog = spool.requestLog;
    this.#options = options;
    this.#spool = spool;
    this.#log = spool.custody;
    this.#opening = opening;
    this.#log.syncWith(async () => await spool.requestLog.sync());
    this.custody = new OpenedCustodyLog(spool.custody, this.#identity());
    this.sink = new FileEvidenceSink({
      directory: options.layout.directory,
      exhibitId: this.exhibitId,
      committer: new ItemCommitter(spool.items, this.custody),
      isPlanned: (artifact) => this.hasPlan(artifact),
      onCommitted: (item) => this.#count(item),
      failure: () => spool.requestLog.failure,
      ...(options.partBytes === undefined ? {} : { partBytes: options.partBytes }),
    });
    for (const path of spool.splitPaths) this.sink.reserve(path);
  }

  get directory(): string {
    return this.layout.directory;
  }

  get runDirectory(): string {
    return this.layout.run;
  }

  opening(): Opening | null {
    return this.#opening;
  }

  async writeOpening(opening: Opening): Promise<void> {
    if (this.#opening !== null)
      throw new ExhibitError('INTERNAL', 'the exhibit has its opening already', { subject: this.exhibitId });
    this.#log.assertFits('preflight', this.#factsOf(opening));
    await replaceFile(this.layout.opening, `${asciiJson(opening)}\n`);
    this.#opening = opening;
    await this.#appendOpening(opening);
  }

  async updateOpening(opening: Opening): Promise<void> {
    if (this.#opening === null)
      throw new ExhibitError('INTERNAL', 'the exhibit has no opening yet', { subject: this.exhibitId });
    // The log first: a crash in between leaves the narrower statement, and nothing was read beyond it yet.
    await this.custody.append('preflight', { ...this.#factsOf(opening), openingUpdated: true });
    await replaceFile(this.layout.opening, `${asciiJson(opening)}\n`);
    this.#opening = opening;
  }

  /** Says in the custody log that a process ended before its time; also makes the custody lines that it did not come to. */
  async recordInterruption(interruption: Readonly<Record<string, unknown>> | null): Promise<void> {
    // The opening was on the disk and its custody line was not.
    if (this.#opening !== null && this.#log.size === 0) await this.#appendOpening(this.#opening);
    if (interruption === null) return;
    await this.custody.append('interrupted', interruption);
    for (const tail of this.#spool.torn) await releaseTorn(tail);
    const unlogged = this.#spool.unloggedItems;
    await this.custody.appendMany(
      'item',
      unlogged.map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes, recovered: true })),
    );
    await this.custody.append('resumed');
  }

  async plan(record: PlanRecord): Promise<void> {
    await this.planMany([record]);
  }

  async planMany(records: readonly PlanRecord[]): Promise<void> {
    // All are made before the first one counts: a bad one leaves nothing behind.
    const made = records.map((record) => ({ artifact: record.artifact, line: planLine(record, this.layout.plan) }));
    let lines = '';
    for (const { artifact, line } of made) {
      if (!this.#spool.artifacts.add(artifact, PLANNED)) continue;
      this.#spool.counts.planned += 1;
      lines += line;
    }
    if (lines !== '') await this.#spool.plan.append(lines);
  }

  async outcome(record: OutcomeRecord): Promise<void> {
    await this.outcomeMany([record]);
  }

  async outcomeMany(records: readonly OutcomeRecord[]): Promise<void> {
    for (const record of records) this.#assertOutcome(record);
    const lines = records.map((record) => outcomeLine(record, this.layout.outcomes));
    for (const { artifact } of records) this.#spool.artifacts.add(artifact, ENDED);
    await this.#spool.outcomes.append(lines.join(''));
    for (const { outcome } of records) this.#spool.counts.outcomes[outcome] += 1;
    this.#spool.counts.outcomesTotal += records.length;
    const gaps = records.filter((record) => isGap(record));
    if (gaps.length > 0) await this.custody.appendMany('gap', gaps.map(gapFields));
  }

  hasPlan(artifact: string): boolean {
    return this.#spool.artifacts.has(artifact, PLANNED);
  }

  hasOutcome(artifact: string): boolean {
    return this.#spool.artifacts.has(artifact, ENDED);
  }

  async *readOutcomes(): AsyncGenerator<OutcomeRecord> {
    // A file that does not exist yet has no lines; a stream of it would throw.
    if (scanLines(this.layout.outcomes, () => undefined).lines === 0) return;
    for await (const { line } of readLines(this.layout.outcomes))
      yield outcomeRecordSchema.parse(JSON.parse(line.toString('latin1')));
  }

  async clock(record: ClockRecord): Promise<void> {
    const { source, at, phase, offsetMinMs, offsetMaxMs, roundTripMs } = record;
    await this.#spool.clock.append(`${asciiJson({ source, at, phase, offsetMinMs, offsetMaxMs, roundTripMs })}\n`);
    await this.custody.append('clock', { source, phase, offsetMinMs, offsetMaxMs, roundTripMs });
  }

  async external(record: ExternalRecord): Promise<void> {
    await this.#spool.external.append(`${asciiJson(record)}\n`);
  }

  get closed(): boolean {
    return this.#closed;
  }

  counts(): ExhibitCounts {
    const { counts } = this.#spool;
    return { ...counts, outcomes: { ...counts.outcomes } };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.sink.close();
    await this.#spool.requestLog.close();
    const { plan, outcomes, items, clock, external } = this.#spool;
    for (const file of [plan, outcomes, items, clock, external, this.#log]) await file.close();
    await removeFile(this.layout.inUse);
  }

  #assertOutcome(record: OutcomeRecord): void {
    const subject = { subject: record.artifact };
    if (!this.hasPlan(record.artifact))
      throw new ExhibitError('INTERNAL', 'an outcome belongs to nothing that was planned', subject);
    if (this.hasOutcome(record.artifact))
      throw new ExhibitError('INTERNAL', 'an artifact was given a second outcome', subject);
    assertOutcome(record, this.#spool.artifacts.has(record.artifact, OBTAINED));
  }

  #identity(): Readonly<Record<string, unknown>> {
    return { caseId: this.#options.caseId, exhibitId: this.exhibitId, sequence: this.sequence, kind: this.kind };
  }

  async #appendOpening(opening: Opening): Promise<void> {
    // Whatever had to be recorded before was preceded by an `open` without these facts.
    await this.custody.append(this.custody.size === 0 ? 'open' : 'preflight', this.#factsOf(opening));
  }

  #factsOf(opening: Opening): Readonly<Record<string, unknown>> {
    const { profileText: _profile, configText: _config, ...facts } = opening;
    return { ...this.#identity(), ...facts };
  }

  #count({ entries, artifact }: PendingItem): void {
    const { counts } = this.#spool;
    this.#spool.artifacts.add(artifact, OBTAINED);
    counts.items += entries.length;
    for (const entry of entries) counts.payloadBytes += entry.sizeBytes;
  }
}
