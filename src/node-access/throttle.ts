import { setTimeout as pause } from 'node:timers/promises';

const BYTES_PER_SECOND = 50 * 1024 * 1024;
/** Bytes that may pass at once after a silence. */
const BURST_BYTES = 8 * 1024 * 1024;

/** Lets so many bytes a second pass and holds the rest back: a node under investigation still has its own work to do. */
export class Throttle {
  readonly #bytesPerSecond: number;
  #credit = BURST_BYTES;
  #at = performance.now();

  constructor(bytesPerSecond = BYTES_PER_SECOND) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async pass(sizeBytes: number, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#credit = Math.min(BURST_BYTES, this.#credit + ((now - this.#at) / 1000) * this.#bytesPerSecond) - sizeBytes;
    this.#at = now;
    if (this.#credit >= 0) return;
    await pause((-this.#credit / this.#bytesPerSecond) * 1000, undefined, signal === undefined ? {} : { signal });
  }
}
