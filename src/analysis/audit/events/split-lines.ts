const LF = 0x0a;

/** A line without its end. `offset` in bytes from the start of what was read, unpacked. */
export interface SplitLine {
  readonly offset: number;
  /** Of the whole line, though `bytes` may hold less of it. */
  readonly lengthBytes: number;
  readonly bytes: Uint8Array;
  /** Longer than what is kept: `bytes` is its beginning. */
  readonly isCut: boolean;
  /** The last one, without an end. */
  readonly isTorn: boolean;
}

/** Lines from pieces of any size; what is kept of one is bounded, however long it is. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: SplitLine) => void;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #offset = 0;
  #lengthBytes = 0;

  constructor(onLine: (line: SplitLine) => void, maxBytes: number) {
    this.#onLine = onLine;
    this.#maxBytes = maxBytes;
  }

  add(piece: Buffer): void {
    let from = 0;
    for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, from)) {
      this.#keep(piece.subarray(from, at));
      this.#end(false);
      this.#offset += 1;
      from = at + 1;
    }
    this.#keep(piece.subarray(from));
  }

  /** What is left is a line that was not ended. */
  end(): void {
    if (this.#lengthBytes > 0) this.#end(true);
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#lengthBytes += part.length;
    const room = this.#maxBytes - this.#keptBytes;
    if (room <= 0) return;
    const kept = part.length > room ? part.subarray(0, room) : part;
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #end(isTorn: boolean): void {
    const [only] = this.#kept;
    const bytes = only !== undefined && this.#kept.length === 1 ? only : Buffer.concat(this.#kept);
    const lengthBytes = this.#lengthBytes;
    const isCut = lengthBytes > this.#keptBytes;
    this.#onLine({ offset: this.#offset, lengthBytes, bytes, isCut, isTorn });
    this.#offset += lengthBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#lengthBytes = 0;
  }
}
