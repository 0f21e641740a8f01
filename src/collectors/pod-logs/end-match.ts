import { parseInstant } from '../../lib/clock.js';
import { KEPT_LINE_BYTES, type SeenLine } from './line-watch.js';
import { timePrefixLength } from './time-prefix.js';

const LF = 0x0a;

export interface EndMatchSpec {
  /** The last line of the first read; `null` when that was empty. */
  readonly last: SeenLine | null;
  /** Where it must stand at the earliest in the second read, from 1: as many lines of its second as the first read had. */
  readonly position: number;
  /** The first answer's `Date`, epoch milliseconds. Lines from then on may rightly be missing in the first read. */
  readonly dateMs: number;
}

/** The instant at the beginning of a line, epoch milliseconds; `null` where it has none. */
export function instantOf({ head, timeLength }: Pick<SeenLine, 'head' | 'timeLength'>): number | null {
  return timeLength === 0 ? null : parseInstant(head.toString('latin1', 0, timeLength));
}

function isSameLine(line: SeenLine, last: SeenLine): boolean {
  if (line.lengthBytes !== last.lengthBytes || !line.head.equals(last.head)) return false;
  return line.ended || !last.ended;
}

/** Reads the second answer and decides whether the first one ended where the log ended when it was asked for. */
export class EndMatch {
  /** The last line of the first read was returned. True from the start when there was none. */
  found: boolean;
  /** Lines after it that the first answer should have had. */
  missed = 0;
  /** Lines after it from the first answer's `Date` on. */
  newer = 0;
  /** The latest time after the last line of the first read, epoch milliseconds. */
  latestMs = Number.NEGATIVE_INFINITY;
  readonly #spec: EndMatchSpec;
  #lines = 0;
  #head = Buffer.alloc(0);
  #lengthBytes = 0;

  constructor(spec: EndMatchSpec) {
    this.#spec = spec;
    this.found = spec.last === null;
  }

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    let from = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      this.#carry(chunk.subarray(from, lf));
      this.#line(true);
      from = lf + 1;
    }
    this.#carry(chunk.subarray(from));
  }

  /** After the last chunk: a line that no LF ended is a line too. */
  finish(): void {
    if (this.#lengthBytes > 0) this.#line(false);
  }

  #carry(bytes: Buffer): void {
    const room = KEPT_LINE_BYTES - this.#head.length;
    if (room > 0 && bytes.length > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)]);
    this.#lengthBytes += bytes.length;
  }

  #line(ended: boolean): void {
    const head = this.#head;
    const timeLength = timePrefixLength(head, 0, head.length);
    const line: SeenLine = { head, lengthBytes: this.#lengthBytes, ended, timeLength };
    this.#head = Buffer.alloc(0);
    this.#lengthBytes = 0;
    this.#lines += 1;
    if (this.found) this.#after(line);
    else
      this.found = this.#lines >= this.#spec.position && this.#spec.last !== null && isSameLine(line, this.#spec.last);
  }

  #after(line: SeenLine): void {
    const at = instantOf(line);
    if (at !== null) this.latestMs = Math.max(this.latestMs, at);
    if (at !== null && at >= this.#spec.dateMs) this.newer += 1;
    else this.missed += 1;
  }
}
