import type { Clock } from '../../../ports/clock.js';

export interface GateOptions {
  /** Requests at once, at most. */
  readonly maxActive: number;
  /** Requests a second, at most. */
  readonly maxPerSecond: number;
  readonly clock: Pick<Clock, 'monoUs'>;
  readonly pause: (ms: number) => Promise<void>;
}

const FIRST_ACTIVE = 16;
/** What may start at once after a quiet time, in time of the rate. */
const BURST_US = 100_000;

/**
 * How many requests run at once: one more for each round without a refusal, half of them when the service asks to slow down. Refusals of
 * requests that began before the last halving belong to it and halve nothing again.
 */
export class AdaptiveGate {
  readonly #options: GateOptions;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #active = 0;
  #generation = 0;
  #nextUs = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#limit = Math.min(FIRST_ACTIVE, options.maxActive);
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** `isThrottle` looks at what the task threw. The place is given back before the error goes on. */
  async run<T>(task: () => Promise<T>, isThrottle: (error: unknown) => boolean): Promise<T> {
    await this.#enter();
    const generation = this.#generation;
    try {
      await this.#pace();
      const value = await task();
      this.#limit = Math.min(this.#options.maxActive, this.#limit + 1 / this.#limit);
      return value;
    } catch (error) {
      if (isThrottle(error) && generation === this.#generation) {
        this.#generation += 1;
        this.#limit = Math.max(1, this.#limit / 2);
      }
      throw error;
    } finally {
      this.#active -= 1;
      this.#admit();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active < this.limit && this.#waiting.length === 0) {
      this.#active += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #admit(): void {
    while (this.#active < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#active += 1;
      next();
    }
  }

  async #pace(): Promise<void> {
    const { clock, maxPerSecond, pause } = this.#options;
    const nowUs = clock.monoUs();
    const atUs = Math.max(this.#nextUs, nowUs - BURST_US);
    this.#nextUs = atUs + 1e6 / maxPerSecond;
    if (atUs > nowUs) await pause(Math.ceil((atUs - nowUs) / 1000));
  }
}
