import { joined } from '../../lib/bytes.js';

const LF = 0x0a;

/** Cuts a stream of bytes into lines. The longest line and one chunk are all it holds. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Uint8Array) => void;
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** `onLine` gets each line with its LF, valid only during the call. `maxBytes` counts the LF. */
  constructor(maxBytes: number, onLine: (line: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Returns false, and is of no further use, when a line is too long. */
  write(chunk: Uint8Array): boolean {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end + 1);
      from = end + 1;
      if (this.#restBytes + piece.length > this.#maxBytes) return false;
      const line = this.#restBytes === 0 ? piece : joined([...this.#rest, piece]);
      this.#rest = [];
      this.#restBytes = 0;
      this.#onLine(line);
    }
    if (from === chunk.length) return true;
    this.#rest.push(chunk.slice(from));
    this.#restBytes += chunk.length - from;
    return this.#restBytes <= this.#maxBytes;
  }

  /** Whether the last line had its LF. */
  get isWhole(): boolean {
    return this.#restBytes === 0;
  }
}
