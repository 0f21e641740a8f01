/** Bytes that may pass at once after a silence. */
export const BURST_BYTES = 8 * 1024 * 1024;

/** What a timer can hold. */
const MAX_WAIT_MS = 2_147_483_647;

/** Lets so many bytes a second pass and holds the rest back: a node under investigation still has its own work to do. */
export class Throttle {
  readonly #fullBytesPerSecond: number | null;
  #bytesPerSecond: number;
  #credit = BURST_BYTES;
  #at = performance.now();

  /** `null` = nothing is ever held back. */
  constructor(bytesPerSecond: number | null) {
    this.#fullBytesPerSecond = bytesPerSecond;
    this.#bytesPerSecond = bytesPerSecond ?? Number.POSITIVE_INFINITY;
  }

  get limited(): boolean {
    return this.#fullBytesPerSecond !== null;
  }

  /** `Infinity` where nothing is held back. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** A share of the full rate, above 0 and at most 1. */
  slowTo(share: number): void {
    if (this.#fullBytesPerSecond === null) return;
    this.#earn();
    this.#bytesPerSecond = Math.max(1, this.#fullBytesPerSecond * share);
  }

  /** The bytes may pass now, or when the promise resolves; the signal cuts the wait short. */
  pass(sizeBytes: number, signal?: AbortSignal): void | Promise<void> {
    if (this.#fullBytesPerSecond === null) return undefined;
    this.#earn();
    this.#credit -= sizeBytes;
    if (this.#credit >= 0) return undefined;
    return waited((-this.#credit / this.#bytesPerSecond) * 1000, signal);
  }

  /** Time that has passed is worth what the rate was meanwhile. */
  #earn(): void {
    const now = performance.now();
    this.#credit = Math.min(BURST_BYTES, this.#credit + ((now - this.#at) / 1000) * this.#bytesPerSecond);
    this.#at = now;
  }
}

/** Resolves after the time, or at once when the signal says so. */
function waited(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, Math.min(waitMs, MAX_WAIT_MS));
    signal?.addEventListener('abort', over, { once: true });
  });
}
