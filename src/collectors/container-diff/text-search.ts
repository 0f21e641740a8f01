/** Texts shorter than this are looked for one by one: they would let the others skip less. */
const MIN_TOGETHER_BYTES = 7;
const PAIRS = 65_536;

interface Known {
  readonly index: number;
  readonly bytes: Buffer;
}

/**
 * Looks for several texts of Latin-1 in one pass (Wu and Manber): two bytes at a time tell how far no text can end, and nearly always
 * that is further than the next byte.
 */
export class TextSearch {
  readonly #short: readonly Known[];
  /** As much of each text as all have. */
  readonly #windowBytes: number;
  readonly #skips: Uint8Array;
  readonly #endingWith = new Map<number, Known[]>();

  constructor(texts: readonly string[]) {
    const known = texts.map((text, index) => ({ index, bytes: Buffer.from(text, 'latin1') }));
    this.#short = known.filter(({ bytes }) => bytes.length < MIN_TOGETHER_BYTES);
    const together = known.filter(({ bytes }) => bytes.length >= MIN_TOGETHER_BYTES);
    this.#windowBytes = Math.min(255, ...together.map(({ bytes }) => bytes.length));
    this.#skips = new Uint8Array(PAIRS).fill(this.#windowBytes - 1);
    for (const one of together) this.#add(one);
  }

  /** Adds to `found` the index of each text that is in the bytes. */
  find(bytes: Buffer, found: Set<number>): void {
    for (const { index, bytes: text } of this.#short) if (!found.has(index) && bytes.includes(text)) found.add(index);
    const last = this.#windowBytes - 1;
    for (let at = last; at < bytes.length;) {
      const pair = ((bytes[at - 1] ?? 0) << 8) | (bytes[at] ?? 0);
      const skip = this.#skips[pair] ?? 0;
      if (skip === 0) this.#compare(bytes, { start: at - last, pair }, found);
      at += skip === 0 ? 1 : skip;
    }
  }

  #add(one: Known): void {
    const { bytes } = one;
    const last = this.#windowBytes - 1;
    for (let at = 1; at <= last; at += 1) {
      const pair = bytes.readUInt16BE(at - 1);
      this.#skips[pair] = Math.min(this.#skips[pair] ?? 0, last - at);
    }
    const pair = bytes.readUInt16BE(last - 1);
    this.#endingWith.set(pair, [...(this.#endingWith.get(pair) ?? []), one]);
  }

  #compare(bytes: Buffer, { start, pair }: { start: number; pair: number }, found: Set<number>): void {
    for (const { index, bytes: text } of this.#endingWith.get(pair) ?? []) {
      if (found.has(index) || start + text.length > bytes.length) continue;
      if (text.compare(bytes, start, start + text.length) === 0) found.add(index);
    }
  }
}
