/** How long the page may stay deaf to its user. */
const MAX_BUSY_MS = 30;

/** Lets the page breathe, and stops the work when the user says so. */
export class Pacer {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Returns at once until the page has been busy for too long. Rejects with the reason of the signal once it is aborted. */
  async pause(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#sinceMs < MAX_BUSY_MS) return;
    await nextTask();
    this.#signal.throwIfAborted();
    this.#sinceMs = performance.now();
  }
}

/** After what the browser has to do: painting and events. Unlike timers, messages are not slowed down when they nest. */
async function nextTask(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
