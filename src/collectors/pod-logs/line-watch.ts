import { SecondMatch, USUAL_TIME_BYTES } from './second-match.js';
import { timePrefixLength } from './time-prefix.js';

const LF = 0x0a;
/** Bytes of the last line that are kept to compare it; its whole length is compared too. */
export const KEPT_LINE_BYTES = 65_536;

/** A line as far as it is remembered. */
export interface SeenLine {
  /** The first bytes, at most 65,536, without the LF. */
  readonly head: Buffer;
  /** Without the LF. */
  readonly lengthBytes: number;
  /** Whether an LF followed. */
  readonly ended: boolean;
  /** Length of the time at the beginning; 0 = the line has none. */
  readonly timeLength: number;
}

/**
 * Watches a log go by, chunk by chunk, without holding it: how many lines, which begin with a time, how many at the end are of one
 * second, and the last line. Bytes between the beginning of a line and the next LF are not looked at.
 */
export class LineWatch {
  lines = 0;
  untimedLines = 0;
  bytes = 0;
  /** Lines at the end whose times lie in the same second, the last line included. */
  linesInLastSecond = 0;
  /** The first line without a time, at most 500 bytes of it. */
  firstUntimed: Buffer | null = null;
  #last: SeenLine | null = null;
  #head = Buffer.alloc(0);
  #lengthBytes = 0;
  readonly #second = new SecondMatch();

  /** Reads the chunk only during the call; keeps copies. */
  feed(chunk: Buffer): void {
    this.bytes += chunk.length;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    let from = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      if (this.#lengthBytes === 0 && this.#second.startsLine(view, from, lf)) {
        this.lines += 1;
        this.linesInLastSecond += 1;
        if (lf + 1 === chunk.length) this.#keep(chunk, { from, lf, timeLength: USUAL_TIME_BYTES });
      } else {
        this.#line(chunk, from, lf);
      }
      from = lf + 1;
    }
    if (from < chunk.length) this.#carry(chunk, from);
  }

  /** The last line, whole or not; `null` before the first byte. Counts a line that no LF ended. */
  finish(): SeenLine | null {
    if (this.#lengthBytes > 0) this.#endCarried(false);
    return this.#last;
  }

  /** Whether a line with a time was seen, even if its end was not. */
  get sawTime(): boolean {
    return this.lines > this.untimedLines || timePrefixLength(this.#head, 0, this.#head.length) > 0;
  }

  #line(chunk: Buffer, from: number, lf: number): void {
    if (this.#lengthBytes > 0) {
      this.#carry(chunk.subarray(0, lf), from);
      this.#endCarried(true);
      return;
    }
    const timeLength = timePrefixLength(chunk, from, lf);
    this.#count(chunk, from, timeLength);
    if (timeLength === 0) this.firstUntimed ??= Buffer.from(chunk.subarray(from, Math.min(lf, from + 500)));
    if (lf + 1 === chunk.length) this.#keep(chunk, { from, lf, timeLength });
  }

  #keep(chunk: Buffer, line: { from: number; lf: number; timeLength: number }): void {
    const { from, lf, timeLength } = line;
    const head = Buffer.from(chunk.subarray(from, Math.min(lf, from + KEPT_LINE_BYTES)));
    this.#last = { head, lengthBytes: lf - from, ended: true, timeLength };
  }

  #endCarried(ended: boolean): void {
    const timeLength = timePrefixLength(this.#head, 0, this.#head.length);
    this.#count(this.#head, 0, timeLength);
    if (timeLength === 0) this.firstUntimed ??= this.#head.subarray(0, 500);
    this.#last = { head: this.#head, lengthBytes: this.#lengthBytes, ended, timeLength };
    this.#head = Buffer.alloc(0);
    this.#lengthBytes = 0;
  }

  #carry(chunk: Buffer, from: number): void {
    const room = KEPT_LINE_BYTES - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(from, from + room)]);
    this.#lengthBytes += chunk.length - from;
  }

  #count(bytes: Buffer, from: number, timeLength: number): void {
    this.lines += 1;
    if (timeLength === 0) {
      this.untimedLines += 1;
      return;
    }
    if (this.linesInLastSecond > 0 && this.#second.isSame(bytes, from)) {
      this.linesInLastSecond += 1;
      return;
    }
    this.#second.remember(bytes, from);
    this.linesInLastSecond = 1;
  }
}
