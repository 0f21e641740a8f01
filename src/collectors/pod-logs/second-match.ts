import { SECOND_BYTES } from './time-prefix.js';

/** Length of `2026-01-02T03:04:05.123456789Z`, as a kubelet nearly always writes a time. */
export const USUAL_TIME_BYTES = 30;
const DOT = 0x2e;
/** `Z` and a space, read from the low byte up. */
const Z_SPACE = 0x205a;
const FOUR_ZEROS = 0x30303030;

/** Whether the four bytes of a little-endian word are digits. */
function areDigits(word: number): boolean {
  return (word & 0xf0f0f0f0) === FOUR_ZEROS && ((word + 0x06060606) & 0xf0f0f0f0) === FOUR_ZEROS;
}

/** The second of the latest time that was seen, and a comparison with it that a log of a gigabyte hardly feels. */
export class SecondMatch {
  readonly #bytes = Buffer.alloc(SECOND_BYTES + 1, DOT);
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;
  #word4 = 0;

  /** `bytes` holds a time at `from`. */
  remember(bytes: Buffer, from: number): void {
    bytes.copy(this.#bytes, 0, from, from + SECOND_BYTES);
    this.#word0 = this.#bytes.readInt32LE(0);
    this.#word1 = this.#bytes.readInt32LE(4);
    this.#word2 = this.#bytes.readInt32LE(8);
    this.#word3 = this.#bytes.readInt32LE(12);
    this.#word4 = this.#bytes.readInt32LE(16);
  }

  isSame(bytes: Buffer, from: number): boolean {
    return this.#bytes.compare(bytes, from, from + SECOND_BYTES, 0, SECOND_BYTES) === 0;
  }

  /**
   * Whether a time of this second with nine digits, `Z` and a space stands at `from`: then it is 30 bytes long. False says nothing.
   * Four bytes at a time, those that differ most often first.
   */
  startsLine(view: DataView, from: number, end: number): boolean {
    return (
      end - from > USUAL_TIME_BYTES &&
      view.getInt32(from + 16, true) === this.#word4 &&
      view.getInt32(from + 12, true) === this.#word3 &&
      view.getInt32(from + 8, true) === this.#word2 &&
      view.getInt32(from + 4, true) === this.#word1 &&
      view.getInt32(from, true) === this.#word0 &&
      this.#hasNanoseconds(view, from + SECOND_BYTES + 1)
    );
  }

  #hasNanoseconds(view: DataView, from: number): boolean {
    return (
      areDigits(view.getInt32(from, true)) &&
      // Nine are no multiple of four: three are looked at twice.
      areDigits(view.getInt32(from + 4, true)) &&
      areDigits(view.getInt32(from + 5, true)) &&
      view.getUint16(from + 9, true) === Z_SPACE
    );
  }
}
