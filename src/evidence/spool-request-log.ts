import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { scanLines } from '../custody/line-scanner.js';
import { corrupt } from '../custody/read-chain.js';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import type { RequestRecord } from '../model/request.js';
import type { RequestEnd, RequestLog, RequestStart } from '../ports/request-log.js';
import type { TornTail } from './record-file.js';
import { cutFile } from './record-file.js';

const FLUSH_AFTER_MS = 50;
const FLUSH_BYTES = 64 * 1024;

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

export const NO_ANSWER = 'no answer recorded: the process ended';

/** Appends to the request spool in small batches, at most 50 ms late; synchronously and without syncs, as calls must not wait for it. */
export class SpoolRequestLog implements RequestLog {
  readonly #fd: number;
  readonly #path: string;
  readonly #started = new Map<number, RequestStart>();
  #seq: number;
  #buffer: string[] = [];
  #bufferedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #failure: Error | null = null;

  private constructor(path: string, fd: number, seq: number) {
    this.#path = path;
    this.#fd = fd;
    this.#seq = seq;
  }

  /** Cuts a torn last line off and goes on after the highest number that was given. */
  static async open(path: string): Promise<{ readonly log: SpoolRequestLog; readonly torn: TornTail | null }> {
    let seq = 0;
    const { torn, wholeBytes } = scanLines(path, (text, number) => {
      const line = parseRequestLine(text);
      if (line === null) throw corrupt(path, number, 'it is not one of our records');
      seq = Math.max(seq, line.seq);
    });
    if (torn.length > 0) await cutFile(path, wholeBytes);
    try {
      const fd = openSync(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
        0o600,
      );
      return { log: new SpoolRequestLog(path, fd, seq), torn: torn.length > 0 ? { file: path, bytes: torn } : null };
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** The first failure; nothing is written after it. */
  get failure(): Error | null {
    return this.#failure;
  }

  begin(start: RequestStart): number {
    this.#seq += 1;
    this.#started.set(this.#seq, start);
    this.#push('sent', unansweredRecord(this.#seq, start, NO_ANSWER));
    return this.#seq;
  }

  end(seq: number, end: RequestEnd): void {
    const start = this.#started.get(seq);
    if (start === undefined) return;
    this.#started.delete(seq);
    this.#push('done', {
      ...unansweredRecord(seq, start, ''),
      status: end.status,
      auditIdAnswered: end.auditIdAnswered,
      serverDate: end.serverDate,
      sizeBytes: end.sizeBytes,
      sha256: end.sha256,
      tlsPeerSha256: end.tlsPeerSha256,
      firstByteAt: end.firstByteAt,
      lastByteAt: end.lastByteAt,
      error: end.error,
    });
  }

  /** Hands what is buffered to the kernel. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#buffer.length === 0 || this.#failure !== null) return;
    const bytes = Buffer.from(this.#buffer.join(''), 'latin1');
    this.#buffer = [];
    this.#bufferedBytes = 0;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at, bytes.length - at);
    } catch (error) {
      this.#failure = storageError(error, this.#path);
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #push(kind: RequestLine['kind'], record: RequestRecord): void {
    try {
      const line = `${kind}\t${String(record.seq)}\t${asciiJson(record)}\n`;
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
