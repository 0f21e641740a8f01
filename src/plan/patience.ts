/** Time that may be waited, by several that wait one after the other: what one waited is not there for the next. */
export class Patience {
  #leftMs: number;

  constructor(ms: number) {
    this.#leftMs = ms;
  }

  /** How long may be waited of what is wanted; 0 = the time is over. */
  take(wantedMs: number): number {
    const ms = Math.min(wantedMs, this.#leftMs);
    this.#leftMs -= ms;
    return ms;
  }
}
