/** The first of many in an order of their own, and how many there were. Memory holds no more than `limit`. */
export class FirstFew<T> {
  total = 0;
  readonly #limit: number;
  readonly #compare: (one: T, other: T) => number;
  #kept: T[] = [];

  /** `compare` below zero: `one` comes first; equals stay in the order in which they came. */
  constructor(limit: number, compare: (one: T, other: T) => number = () => 0) {
    this.#limit = limit;
    this.#compare = compare;
  }

  add(one: T): void {
    this.total += 1;
    const last = this.#kept.at(-1);
    if (this.#kept.length >= this.#limit && last !== undefined && this.#compare(one, last) >= 0) return;
    const at = this.#kept.findIndex((kept) => this.#compare(one, kept) < 0);
    this.#kept.splice(at === -1 ? this.#kept.length : at, 0, one);
    this.#kept.length = Math.min(this.#kept.length, this.#limit);
  }

  get items(): readonly T[] {
    return this.#kept;
  }
}
