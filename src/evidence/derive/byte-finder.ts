/** Says of one stream which bytes go, by offset from its beginning. Streams of any length, in bounded memory. */
export interface ByteFinder {
  /** Takes the next bytes; reads them only during the call. Throws `REDACTION_UNDECIDED`. */
  push(bytes: Buffer): void;
  end(): void;
  /** Everything before this offset is decided; behind it a range may still begin. */
  readonly decidedBytes: number;
  /** Takes out the ranges before `limit`, which is at most `decidedBytes`, in order and cut off there. */
  take(limit: number): readonly ByteRange[];
  /** Why nothing can be said of the stream, such as that it is no JSON; `null` while it can. */
  readonly problem: string | null;
}

/** `end` is the first byte that stays. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Ranges in order, joined where they touch. A new one may swallow the last ones, as long as nobody took them. */
export class RangeQueue {
  #ranges: { start: number; end: number }[] = [];
  #takenBytes = 0;

  get last(): ByteRange | undefined {
    return this.#ranges.at(-1);
  }

  /** What lies before the last `take` was taken: a match that grew has lost its beginning to it. */
  add(start: number, end: number): void {
    let from = Math.max(start, this.#takenBytes);
    let to = end;
    if (from >= to) return;
    const newest = this.#ranges.at(-1);
    if (newest !== undefined && newest.start <= from && newest.end >= from) {
      newest.end = Math.max(newest.end, to);
      return;
    }
    for (let last = this.last; last !== undefined && last.end >= from; last = this.last) {
      from = Math.min(from, last.start);
      to = Math.max(to, last.end);
      this.#ranges.pop();
    }
    this.#ranges.push({ start: from, end: to });
  }

  take(limit: number): readonly ByteRange[] {
    const taken: ByteRange[] = [];
    this.#takenBytes = limit;
    let count = 0;
    for (const range of this.#ranges) {
      if (range.start >= limit) break;
      taken.push({ start: range.start, end: Math.min(range.end, limit) });
      if (range.end > limit) break;
      count += 1;
    }
    this.#ranges = this.#ranges.slice(count);
    const [head] = this.#ranges;
    if (head !== undefined && head.start < limit) this.#ranges[0] = { start: limit, end: head.end };
    return taken;
  }
}
