import { createHash } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import type { Clock } from '../ports/clock.js';
import type { ChainEntry, ChainHead } from './read-chain.js';
import { readChain } from './read-chain.js';
import { storageError } from './storage-error.js';
import { SyncedFile } from './synced-file.js';

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
  /** Bytes of a torn last line, now cut off; the caller puts them into its next entry. */
  readonly torn: Buffer;
}

/**
 * An append-only log, one ASCII JSON object a line: `seq` from 1, `prev` the SHA-256 of the raw line before it with its LF, `at`,
 * `monoUs`, `bootId`, `actor`, `event`, then the event's own fields. Entries appended at once share one sync.
 */
export class ChainedLog<Event extends string> {
  readonly #file: SyncedFile;
  readonly #clock: Clock;
  readonly #actor: string;
  #seq: number;
  #sha256: string;
  #lastEvent: string;

  private constructor(file: SyncedFile, options: ChainedLogOptions, found: { head: ChainHead; lastEvent: string }) {
    this.#file = file;
    this.#clock = options.clock;
    this.#actor = options.actor;
    this.#seq = found.head.seq;
    this.#sha256 = found.head.sha256;
    this.#lastEvent = found.lastEvent;
  }

  /** Checks what is there, cuts a torn last line off, opens for appending. Throws `CASE_CORRUPT`, `STORAGE_FULL`, `STORAGE_FAILED`. */
  static async open<Event extends string>(options: ChainedLogOptions): Promise<OpenedLog<Event>> {
    const found = readChain(options.path, options.onEntry ?? (() => undefined));
    if (found.torn.length > 0) await cut(options.path, found.wholeBytes);
    const file = await SyncedFile.open(options.path);
    return { log: new ChainedLog<Event>(file, options, found), torn: found.torn };
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

  /** See `SyncedFile.onBeforeFlush`. */
  onBeforeFlush(hook: () => void): void {
    this.#file.onBeforeFlush(hook);
  }

  /** Takes its place in the chain at once; resolves when it is on the disk. Fields that every entry has cannot be overruled by `fields`. */
  async append(event: Event, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.#file.append(this.#chain(event, fields));
  }

  /** One entry of the same event for each of `list`, in one write. */
  async appendMany(event: Event, list: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    let lines = '';
    for (const fields of list) lines += this.#chain(event, fields);
    if (lines !== '') await this.#file.append(lines);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #chain(event: Event, fields: Readonly<Record<string, unknown>>): string {
    const entry = {
      seq: this.#seq + 1,
      prev: this.#sha256,
      at: toRfc3339(this.#clock.nowMs()),
      monoUs: this.#clock.monoUs(),
      bootId: this.#clock.bootId(),
      actor: this.#actor,
      event,
    };
    // Spread twice: the order of the fields comes from the first, their values from the last.
    const line = `${asciiJson({ ...entry, ...fields, ...entry })}\n`;
    this.#seq += 1;
    this.#sha256 = createHash('sha256').update(line, 'latin1').digest('hex');
    this.#lastEvent = event;
    return line;
  }
}

async function cut(path: string, sizeBytes: number): Promise<void> {
  try {
    await truncate(path, sizeBytes);
  } catch (error) {
    throw storageError(error, path);
  }
}
