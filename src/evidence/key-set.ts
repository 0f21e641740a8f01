/**
 * A set of strings in 16 bytes an entry at most, however long they are: it keeps 64-bit hashes in an open-addressing table. `has` may
 * be wrong with a chance of about entries / 2^64, so it serves to skip work, never as proof; what must be exact is decided by a sort.
 * `seed` keeps others from choosing strings that collide.
 */
export class KeySet {
  readonly #seed: number;
  #low = new Uint32Array(1024);
  #high = new Uint32Array(1024);
  #size = 0;

  constructor(seed: string) {
    let mixed = 0x9e3779b9;
    for (let at = 0; at < seed.length; at += 1) mixed = Math.imul(mixed ^ seed.charCodeAt(at), 0x85ebca6b) ^ (mixed >>> 13);
    this.#seed = mixed >>> 0;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const [low, high] = this.#hash(key);
    return this.#slot(low, high) < 0;
  }

  /** `false` when it was there already. */
  add(key: string): boolean {
    if ((this.#size + 1) * 10 > this.#low.length * 7) this.#grow();
    const [low, high] = this.#hash(key);
    const slot = this.#slot(low, high);
    if (slot < 0) return false;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#size += 1;
    return true;
  }

  /** The free slot for a hash, or -1 when the hash is in the table. */
  #slot(low: number, high: number): number {
    const mask = this.#low.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const foundLow = this.#low[slot] ?? 0;
      const foundHigh = this.#high[slot] ?? 0;
      if (foundLow === 0 && foundHigh === 0) return slot;
      if (foundLow === low && foundHigh === high) return -1;
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
      if (low === 0 && high === 0) continue;
      const slot = this.#slot(low, high);
      this.#low[slot] = low;
      this.#high[slot] = high;
    }
  }

  /** Two mixed 32-bit hashes (the scheme of cyrb53), never both zero: that marks a free slot. */
  #hash(key: string): [number, number] {
    let a = 0xdeadbeef ^ this.#seed;
    let b = 0x41c6ce57 ^ Math.imul(this.#seed, 0xc2b2ae35);
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      a = Math.imul(a ^ unit, 2654435761);
      b = Math.imul(b ^ unit, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return a === 0 && b === 0 ? [1, 0] : [a >>> 0, b >>> 0];
  }
}
