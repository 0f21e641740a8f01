import { createHash } from 'node:crypto';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import type { Clock } from '../ports/clock.js';
import type { ChainEntry, ChainHead } from './read-chain.js';
import { readChain } from './read-chain.js';
import { assertRecordLines, MAX_RECORD_BYTES } from './record-line.js';
import { SyncedFile } from './synced-file.js';
import { cutTorn } from './torn-tail.js';
import type { TornTail } from './torn-tail.js';

/** What the fields that every entry has may grow by between a check and the entry. */
const SPARE_BYTES = 1024;

export interface ChainedLogOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Who acts: goes into each entry. */
  readonly actor: string;
  /** Sees each entry that is there already, in order. */
  readonly onEntry?: (entry: ChainEntry) => void;
}

/** What was found when the log was opened. */
export interface OpenedLog<Event extends string> {
  readonly log: ChainedLog<Event>;
  /** A torn last line, now cut off; the caller puts it into its next entry and then calls `releaseTorn`. */
  readonly torn: TornTail | null;
}

/**
 * An append-only log, one ASCII JSON object a line: `seq` from 1, `prev` the SHA-256 of the raw line before it with its LF, `at`,
 * `monoUs`, `bootId`, `actor`, `event`, then the event's own fields. Entries appended at once share one sync.
 */
export class ChainedLog<Event extends string> {
  readonly #file: SyncedFile;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #actor: string;
  #seq: number;
  #sha256: string;
  #lastEvent: string;

  private constructor(file: SyncedFile, options: ChainedLogOptions, found: { head: ChainHead; lastEvent: string }) {
    this.#file = file;
    this.#path = options.path;
    this.#clock = options.clock;
    this.#actor = options.actor;
    this.#seq = found.head.seq;
    this.#sha256 = found.head.sha256;
    this.#lastEvent = found.lastEvent;
  }

  /** Checks what is there, cuts a torn last line off, opens for appending. Throws `CASE_CORRUPT`, `STORAGE_FULL`, `STORAGE_FAILED`. */
  static async open<Event extends string>(options: ChainedLogOptions): Promise<OpenedLog<Event>> {
    const found = readChain(options.path, options.onEntry ?? (() => undefined));
    const torn = await cutTorn(options.path, found);
    const file = await SyncedFile.open(options.path);
    return { log: new ChainedLog<Event>(file, options, found), torn };
  }

  /** Entries so far. */
  get size(): number {
    return this.#seq;
  }

  get sizeBytes(): number {
    return this.#file.syncedBytes;
  }

  /** The last line, appended or on its way. */
  get head(): ChainHead {
    return { seq: this.#seq, sha256: this.#sha256 };
  }

  get lastEvent(): string {
    return this.#lastEvent;
  }

  /** See `SyncedFile.syncWith`. */
  syncWith(hook: () => Promise<void>): void {
    this.#file.syncWith(hook);
  }

  /**
   * Takes its place in the chain at once; resolves when it is on the disk. Fields that every entry has cannot be overruled by `fields`.
   * Throws `INTERNAL` for a line above `MAX_RECORD_BYTES`, which leaves the log as it was. Returns the raw line with its LF.
   */
  async append(event: Event, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return await this.appendMany(event, [fields]);
  }

  /** One entry of the same event for each of `list`, in one write: all of them or, when one is too long, none. Returns the raw lines. */
  async appendMany(event: Event, list: readonly Readonly<Record<string, unknown>>[]): Promise<string> {
    let lines = '';
    let head = this.head;
    for (const fields of list) {
      const line = this.#line(head.seq + 1, head.sha256, { event, fields });
      assertRecordLines(line, this.#path);
      head = { seq: head.seq + 1, sha256: createHash('sha256').update(line, 'latin1').digest('hex') };
      lines += line;
    }
    if (lines === '') return lines;
    this.#seq = head.seq;
    this.#sha256 = head.sha256;
    this.#lastEvent = event;
    await this.#file.append(lines);
    return lines;
  }

  /** Throws `INTERNAL` when an entry would be too long; for what must be known before something else is written. */
  assertFits(event: Event, fields: Readonly<Record<string, unknown>>): void {
    assertRecordLines(
      this.#line(this.#seq + 1, this.#sha256, { event, fields }),
      this.#path,
      MAX_RECORD_BYTES - SPARE_BYTES,
    );
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #line(
    seq: number,
    prev: string,
    { event, fields }: { event: Event; fields: Readonly<Record<string, unknown>> },
  ): string {
    const entry = {
      seq,
      prev,
      at: toRfc3339(this.#clock.nowMs()),
      monoUs: this.#clock.monoUs(),
      bootId: this.#clock.bootId(),
      actor: this.#actor,
      event,
    };
    // Spread twice: the order of the fields comes from the first, their values from the last.
    return `${asciiJson({ ...entry, ...fields, ...entry })}\n`;
  }
}
