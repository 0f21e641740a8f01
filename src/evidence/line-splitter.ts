const LF = 0x0a;

/** Cuts a stream of bytes into lines. The longest line and one chunk are all it holds. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Buffer) => void;
  #rest: Buffer | undefined;

  /** `onLine` gets each line with its LF, valid only during the call. `maxBytes` counts the LF. */
  constructor(maxBytes: number, onLine: (line: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Returns false, and is of no further use, when a line is too long. */
  write(chunk: Buffer): boolean {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end + 1);
      const line = this.#rest === undefined ? piece : Buffer.concat([this.#rest, piece]);
      this.#rest = undefined;
      from = end + 1;
      if (line.length > this.#maxBytes) return false;
      this.#onLine(line);
    }
    if (from === chunk.length) return true;
    const tail = chunk.subarray(from);
    this.#rest = this.#rest === undefined ? Buffer.from(tail) : Buffer.concat([this.#rest, tail]);
    return this.#rest.length <= this.#maxBytes;
  }

  /** Whether the last line had its LF. */
  get isWhole(): boolean {
    return this.#rest === undefined;
  }
}
