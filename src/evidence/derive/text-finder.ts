import { ExhibitError } from '../../model/errors.js';
import { RangeQueue, type ByteFinder, type ByteRange } from './byte-finder.js';
import type { PatternProgram } from './pattern-program.js';

const LF = 0x0a;
/** How long the beginning of a match may wait for its first possible end. */
const MAX_WAITING_BYTES = 256 * 1024;
/** The wait is looked at here, counted from the beginning of the stream: in how many pieces it comes must make no difference. */
const CHECK_EVERY_BYTES = 64 * 1024;

/**
 * Finds every byte that is part of any match of one pattern within a line, in one pass: all positions of the pattern are followed at
 * once, each with the earliest beginning that leads to it. Never goes back, whatever the bytes are; the cost of a byte is bounded by the
 * size of the pattern.
 */
export class TextFinder implements ByteFinder {
  readonly problem = null;
  readonly #program: PatternProgram;
  readonly #rule: string;
  readonly #ranges = new RangeQueue();
  readonly #firstBytes = new Uint8Array(256);
  /** Positions that took the last byte; `#count` of them. */
  #active: Int32Array;
  #next: Int32Array;
  #count = 0;
  #nextCount = 0;
  /** Of each active position: where the match begins; endless while it is still before it. */
  #starts: Float64Array;
  #nextStarts: Float64Array;
  /** Of each position: the byte with which it was last reached. */
  readonly #seen: Float64Array;
  #isLineStart = true;
  /** With `$`: an end that counts if the line ends here. */
  #waitingEnd: ByteRange | null = null;
  /** Of the byte that is looked at. */
  #at = 0;
  #offset = 0;
  #decidedBytes = 0;

  constructor(program: PatternProgram, rule: string) {
    this.#program = program;
    this.#rule = rule;
    const { positions } = program;
    this.#active = new Int32Array(positions);
    this.#next = new Int32Array(positions);
    this.#starts = new Float64Array(positions);
    this.#nextStarts = new Float64Array(positions);
    this.#seen = new Float64Array(positions).fill(-1);
    for (const position of program.first)
      for (let byte = 0; byte < 256; byte += 1)
        if (program.sets[position * 256 + byte] === 1) this.#firstBytes[byte] = 1;
  }

  get decidedBytes(): number {
    return this.#decidedBytes;
  }

  push(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const room = CHECK_EVERY_BYTES - (this.#offset % CHECK_EVERY_BYTES);
      const piece = bytes.subarray(from, from + room);
      this.#pushPiece(piece);
      from += piece.length;
      this.#decidedBytes = this.#decided();
      if (this.#offset % CHECK_EVERY_BYTES === 0 && this.#offset - this.#decidedBytes > MAX_WAITING_BYTES)
        throw this.#tooWide();
    }
  }

  end(): void {
    if (this.#waitingEnd !== null) this.#ranges.add(this.#waitingEnd.start, this.#waitingEnd.end);
    this.#waitingEnd = null;
    this.#count = 0;
    this.#decidedBytes = this.#offset;
  }

  take(limit: number): readonly ByteRange[] {
    return this.#ranges.take(limit);
  }

  #pushPiece(piece: Buffer): void {
    const { atLineStart } = this.#program;
    for (let at = 0; at < piece.length; at += 1) {
      // The way of nearly all bytes: nothing has begun, and nothing begins here.
      if (this.#count === 0 && this.#waitingEnd === null && !atLineStart)
        while (at < piece.length && this.#firstBytes[piece[at] ?? 0] === 0) at += 1;
      if (at < piece.length) this.#step(piece[at] ?? 0, this.#offset + at);
    }
    this.#offset += piece.length;
  }

  #step(byte: number, offset: number): void {
    this.#at = offset;
    if (this.#waitingEnd !== null) {
      if (byte === LF) this.#ranges.add(this.#waitingEnd.start, this.#waitingEnd.end);
      this.#waitingEnd = null;
    }
    if (byte === LF) {
      this.#count = 0;
      this.#isLineStart = true;
      return;
    }
    this.#nextCount = 0;
    if (this.#count > 0) this.#advance(byte);
    if (this.#firstBytes[byte] === 1 && (this.#isLineStart || !this.#program.atLineStart)) this.#begin(byte);
    this.#isLineStart = false;
    this.#count = this.#nextCount;
    [this.#active, this.#next] = [this.#next, this.#active];
    [this.#starts, this.#nextStarts] = [this.#nextStarts, this.#starts];
  }

  #begin(byte: number): void {
    const { first, isMatch, sets } = this.#program;
    for (const next of first)
      if (sets[next * 256 + byte] === 1) this.#reach(next, isMatch[next] === 1 ? this.#at : Infinity);
  }

  /** The innermost loop: no calls but for positions that take the byte. */
  #advance(byte: number): void {
    const { follow, followFrom, isMatch, sets } = this.#program;
    const [active, starts, offset] = [this.#active, this.#starts, this.#at];
    for (let index = 0; index < this.#count; index += 1) {
      const position = active[index] ?? 0;
      const start = starts[position] ?? 0;
      const end = followFrom[position + 1] ?? 0;
      for (let edge = followFrom[position] ?? 0; edge < end; edge += 1) {
        const next = follow[edge] ?? 0;
        // Past the last position of `after` the match begins with this byte.
        if (sets[next * 256 + byte] === 1) this.#reach(next, isMatch[next] === 1 && start > offset ? offset : start);
      }
    }
  }

  #reach(position: number, start: number): void {
    const offset = this.#at;
    if (this.#seen[position] !== offset) {
      this.#seen[position] = offset;
      this.#next[this.#nextCount] = position;
      this.#nextCount += 1;
    } else if (start >= (this.#nextStarts[position] ?? 0)) return;
    this.#nextStarts[position] = start;
    if (this.#program.isLast[position] !== 1) return;
    const end = offset + 1;
    if (!this.#program.atLineEnd) this.#ranges.add(start, end);
    else if (this.#waitingEnd?.end !== end || start < this.#waitingEnd.start) this.#waitingEnd = { start, end };
  }

  /** The earliest byte of which it is still open whether it goes. */
  #decided(): number {
    const last = this.#ranges.last;
    let decided = this.#waitingEnd?.start ?? this.#offset;
    for (const position of this.#active.subarray(0, this.#count)) {
      const start = Math.max(this.#starts[position] ?? 0, this.#decidedBytes);
      // What is in a range already goes in any case.
      const open = last !== undefined && start >= last.start ? Math.max(start, last.end) : start;
      decided = Math.min(decided, open);
    }
    return Math.max(decided, this.#decidedBytes);
  }

  #tooWide(): ExhibitError {
    const waiting = `${String(MAX_WAITING_BYTES)} bytes`;
    return new ExhibitError(
      'REDACTION_UNDECIDED',
      `rule ${this.#rule} finds the beginning of a match at byte ${String(this.#decidedBytes)} and no end within ${waiting}`,
      { hints: ['Give the pattern a count, as in \\w{1,64}@, or remove the file as a whole'] },
    );
  }
}
