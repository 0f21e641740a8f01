import { closeSync, constants, fdatasync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { assertRecordLines, MAX_RECORD_BYTES } from '../custody/record-line.js';
import { storageError } from '../custody/storage-error.js';
import { cutTorn } from '../custody/torn-tail.js';
import type { TornTail } from '../custody/torn-tail.js';
import { asciiJson } from '../lib/ascii-json.js';
import type { RequestRecord } from '../model/request.js';
import type { RequestEnd, RequestLog, RequestStart } from '../ports/request-log.js';

const FLUSH_AFTER_MS = 50;
const FLUSH_BYTES = 64 * 1024;
/** A call longer than this is not made: its answer must fit into the record too. */
const MAX_START_BYTES = MAX_RECORD_BYTES / 2;
/** Of each text that an answer adds, so many UTF-16 units are kept. */
const MAX_ANSWER_TEXT = 8192;

const sync = promisify(fdatasync);

const LINE = /^(sent|done)\t(\d{1,15})\t\{/;

/** One line of the request spool: `sent` or `done`, the number of the call, and the record as far as it was known. */
export interface RequestLine {
  readonly kind: 'sent' | 'done';
  readonly seq: number;
  readonly json: string;
}

/** `null` when the line is none of ours. */
export function parseRequestLine(line: string): RequestLine | null {
  const found = LINE.exec(line);
  if (found?.[1] === undefined || found[2] === undefined || !line.endsWith('}')) return null;
  return { kind: found[1] === 'sent' ? 'sent' : 'done', seq: Number(found[2]), json: line.slice(found[0].length - 1) };
}

/** The record of a call before it has an answer. */
export function unansweredRecord(seq: number, start: RequestStart, error: string): RequestRecord {
  return {
    seq,
    method: start.method,
    url: start.url,
    status: null,
    auditIdSent: start.auditIdSent,
    auditIdAnswered: null,
    serverDate: null,
    sizeBytes: 0,
    sha256: null,
    tlsPeerSha256: null,
    sentAt: start.sentAt,
    firstByteAt: null,
    lastByteAt: null,
    error,
  };
}

function requestLine(kind: RequestLine['kind'], record: RequestRecord): string {
  return `${kind}\t${String(record.seq)}\t${asciiJson(record)}\n`;
}

function shortened(text: string | null): string | null {
  return text === null || text.length <= MAX_ANSWER_TEXT ? text : `${text.slice(0, MAX_ANSWER_TEXT)}...`;
}

export const NO_ANSWER = 'no answer recorded: the process ended';

/**
 * The request spool. The line of a call is in the kernel's hands before the call is sent, so that it outlives the process; that of an
 * answer follows at most 50 ms later. Synchronous and without syncs, as calls must not wait for the disk: `sync` goes with the custody log.
 */
export class SpoolRequestLog implements RequestLog {
  readonly #fd: number;
  readonly #path: string;
  readonly #started = new Map<number, RequestStart>();
  #seq: number;
  #buffer: string[] = [];
  #bufferedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isDirty = false;
  #isClosed = false;
  #syncing: Promise<void> | null = null;
  #failure: Error | null = null;

  private constructor(path: string, fd: number, seq: number) {
    this.#path = path;
    this.#fd = fd;
    this.#seq = seq;
  }

  /** Cuts a torn last line off and goes on after the highest number that was given. */
  static async open(path: string): Promise<{ readonly log: SpoolRequestLog; readonly torn: TornTail | null }> {
    let seq = 0;
    const scanned = scanLines(path, (text, number) => {
      const line = parseRequestLine(text);
      if (line === null) throw corrupt(path, number, 'it is not one of our records');
      seq = Math.max(seq, line.seq);
    });
    const torn = await cutTorn(path, scanned);
    try {
      const fd = openSync(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
        0o600,
      );
      return { log: new SpoolRequestLog(path, fd, seq), torn };
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** The first failure; nothing is written after it. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Throws `INTERNAL`, and logs nothing, for a call whose record would be too long; it must not be made. */
  begin(start: RequestStart): number {
    const seq = this.#seq + 1;
    const line = requestLine('sent', unansweredRecord(seq, start, NO_ANSWER));
    assertRecordLines(line, this.#path, MAX_START_BYTES);
    this.#seq = seq;
    this.#started.set(seq, start);
    this.#buffer.push(line);
    this.flush();
    return seq;
  }

  end(seq: number, end: RequestEnd): void {
    const start = this.#started.get(seq);
    if (start === undefined) return;
    this.#started.delete(seq);
    this.#push({
      ...unansweredRecord(seq, start, ''),
      status: end.status,
      auditIdAnswered: shortened(end.auditIdAnswered),
      serverDate: shortened(end.serverDate),
      sizeBytes: end.sizeBytes,
      sha256: end.sha256,
      tlsPeerSha256: end.tlsPeerSha256,
      firstByteAt: end.firstByteAt,
      lastByteAt: end.lastByteAt,
      error: shortened(end.error),
    });
  }

  /** Hands what is buffered to the kernel. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#buffer.length === 0 || this.#failure !== null || this.#isClosed) return;
    const bytes = Buffer.from(this.#buffer.join(''), 'latin1');
    this.#buffer = [];
    this.#bufferedBytes = 0;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at, bytes.length - at);
      this.#isDirty = true;
    } catch (error) {
      this.#failure = storageError(error, this.#path);
    }
  }

  /** As `flush`, and resolves when all of it is on the disk. Does not reject: what fails is in `failure`. */
  async sync(): Promise<void> {
    this.flush();
    // One that is under way may not have seen all of it.
    while (this.#syncing !== null) await this.#syncing;
    if (!this.#isDirty || this.#isClosed) return;
    this.#isDirty = false;
    this.#syncing = this.#sync();
    await this.#syncing;
  }

  /** Everything is on the disk then. Later calls are not recorded: nobody may make one. */
  async close(): Promise<void> {
    await this.sync();
    this.#isClosed = true;
    closeSync(this.#fd);
  }

  async #sync(): Promise<void> {
    try {
      await sync(this.#fd);
    } catch (error) {
      this.#failure ??= storageError(error, this.#path);
    } finally {
      this.#syncing = null;
    }
  }

  #push(record: RequestRecord): void {
    try {
      const line = requestLine('done', record);
      assertRecordLines(line, this.#path);
      this.#buffer.push(line);
      this.#bufferedBytes += line.length;
    } catch (error) {
      this.#failure ??= storageError(error, this.#path);
      return;
    }
    if (this.#bufferedBytes >= FLUSH_BYTES) this.flush();
    else
      this.#timer ??= setTimeout(() => {
        this.flush();
      }, FLUSH_AFTER_MS).unref();
  }
}
