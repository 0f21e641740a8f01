/** Flags that an entry can carry beside its hash. */
const FLAG_BITS = 3;
const FLAG_MASK = (1 << FLAG_BITS) - 1;

const FIRST_SLOTS = 1024;

/**
 * A table of strings with up to three flags each, in 8 bytes a slot and 16 bytes an entry at most, however long the strings are: it
 * keeps 61 bits of a hash in an open-addressing table. It may take one string for another with a chance of about entries / 2^61, so it
 * serves to skip work, never as proof; what must be exact is decided by a sort. `seed` keeps others from choosing strings that collide.
 */
export class KeySet {
  readonly #seed: number;
  #low = new Uint32Array(FIRST_SLOTS);
  /** The hash in the upper 29 bits; flags below, never 0 in a slot that is in use. */
  #high = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  constructor(seed: string) {
    let mixed = 0x9e3779b9;
    for (let at = 0; at < seed.length; at += 1)
      mixed = Math.imul(mixed ^ seed.charCodeAt(at), 0x85ebca6b) ^ (mixed >>> 13);
    this.#seed = mixed >>> 0;
  }

  /** Different strings. */
  get size(): number {
    return this.#size;
  }

  /** Whether the string carries the flag (1, 2 or 4). */
  has(key: string, flag = 1): boolean {
    const [low, high] = this.#hash(key);
    return ((this.#high[this.#slot(low, high)] ?? 0) & flag) !== 0;
  }

  /** Sets the flag (1, 2 or 4); `false` when the string carried it already. */
  add(key: string, flag = 1): boolean {
    if ((this.#size + 1) * 10 > this.#low.length * 7) this.#grow();
    const [low, high] = this.#hash(key);
    const slot = this.#slot(low, high);
    const found = this.#high[slot] ?? 0;
    if ((found & flag) !== 0) return false;
    if (found === 0) this.#size += 1;
    this.#low[slot] = low;
    this.#high[slot] = high | (found & FLAG_MASK) | flag;
    return true;
  }

  /** The slot of a hash, or the free one where it belongs. */
  #slot(low: number, high: number): number {
    const mask = this.#low.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const found = this.#high[slot] ?? 0;
      if (found === 0 || (this.#low[slot] === low && (found & ~FLAG_MASK) >>> 0 === high)) return slot;
    }
  }

  #grow(): void {
    const oldLow = this.#low;
    const oldHigh = this.#high;
    this.#low = new Uint32Array(oldLow.length * 2);
    this.#high = new Uint32Array(oldLow.length * 2);
    for (let at = 0; at < oldLow.length; at += 1) {
      const low = oldLow[at] ?? 0;
      const high = oldHigh[at] ?? 0;
      if (high === 0) continue;
      const slot = this.#slot(low, (high & ~FLAG_MASK) >>> 0);
      this.#low[slot] = low;
      this.#high[slot] = high;
    }
  }

  /** Two mixed 32-bit hashes (the scheme of cyrb53), the flags' bits of the second one zero. */
  #hash(key: string): [low: number, high: number] {
    let a = 0xdeadbeef ^ this.#seed;
    let b = 0x41c6ce57 ^ Math.imul(this.#seed, 0xc2b2ae35);
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      a = Math.imul(a ^ unit, 2654435761);
      b = Math.imul(b ^ unit, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return [a >>> 0, (b & ~FLAG_MASK) >>> 0];
  }
}

/** What the table of artifacts remembers of each. */
export const PLANNED = 1;
export const ENDED = 2;
export const OBTAINED = 4;
