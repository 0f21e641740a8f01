import { ExhibitError } from '../model/errors.js';
import { NODE_RATE_BYTES_PER_SECOND } from '../model/node-settings.js';
import type { NodeAccess, NodeCommand, NodeCommandEnd, NodeFacts, NodeStreamConsumer } from '../ports/node-access.js';
import { PRESSURE, shareUnderPressure } from './pressure.js';
import { runFarScript, type FarSide } from './run-far-script.js';
import { BURST_BYTES, Throttle } from './throttle.js';

/** Commands at once on one node. */
const MAX_AT_ONCE = 2;
/** Between two looks at the pressure, while bytes flow. */
const PRESSURE_EVERY_MS = 5000;
const STILL_THERE: NodeCommand = { name: 'still-there', script: ':', maxBytes: 1, timeoutMs: 15_000 };

const nothing: NodeStreamConsumer = { chunk: () => undefined };

/** A node that is reached by running scripts there. */
export class ShellAccess implements NodeAccess {
  readonly facts: NodeFacts;
  readonly #far: FarSide;
  readonly #closing: () => Promise<void>;
  readonly #throttle: Throttle;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #sinceLookBytes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** The last command did not end as it should: whether the node is there at all is asked before the next one. */
  #doubted = false;
  #lost: ExhibitError | null = null;
  readonly #closed = new AbortController();

  constructor(facts: NodeFacts, far: FarSide, closing: () => Promise<void> = () => Promise.resolve()) {
    this.facts = facts;
    this.#far = far;
    this.#closing = closing;
    this.#throttle = new Throttle(
      far.rateBytesPerSecond === undefined ? NODE_RATE_BYTES_PER_SECOND : far.rateBytesPerSecond,
    );
  }

  async run(command: NodeCommand, consumer: NodeStreamConsumer): Promise<NodeCommandEnd> {
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      if (this.#doubted && this.#lost === null) await this.#askWhetherThere(command.signal);
      if (this.#lost !== null) throw this.#lost;
      const end = await runFarScript(command, this.#far, this.#throttled(consumer, command.signal));
      if (end.end === 'timeout' || end.end === 'cut') this.#doubted = true;
      return end;
    } catch (error) {
      if (error instanceof ExhibitError && error.code === 'NODE_ACCESS_LOST') this.#doubted = true;
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #throttled(consumer: NodeStreamConsumer, signal: AbortSignal | undefined): NodeStreamConsumer {
    const kept = consumer.kept?.bind(consumer);
    return {
      chunk: (bytes) => {
        this.#lookAtPressure(bytes.length);
        const waiting = this.#throttle.pass(bytes.length, signal);
        if (waiting === undefined) return consumer.chunk(bytes);
        return waiting.then(async () => {
          await consumer.chunk(bytes);
        });
      },
      ...(kept === undefined ? {} : { kept }),
    };
  }

  /** A node that died costs its own time-out once, not once an artifact. */
  async #askWhetherThere(ofCommand: AbortSignal | undefined): Promise<void> {
    this.#doubted = false;
    const signal = ofCommand === undefined ? this.#closed.signal : AbortSignal.any([this.#closed.signal, ofCommand]);
    const lost = (detail: string): ExhibitError =>
      new ExhibitError('NODE_ACCESS_LOST', `${this.facts.node} does not answer any more: ${detail}`, {
        subject: this.facts.node,
      });
    try {
      const { end, endDetail } = await runFarScript({ ...STILL_THERE, signal }, this.#far, nothing);
      // Nobody waited for the answer: it is asked again before the next one.
      if (end === 'aborted') this.#doubted = true;
      else if (end !== 'complete') this.#lost ??= lost(endDetail ?? end);
    } catch (error) {
      this.#lost ??= lost(error instanceof Error ? error.message : 'an error without a message');
    }
  }

  /** Beside the stream, which does not wait for it. What cannot be asked leaves the rate as it is. */
  #lookAtPressure(sizeBytes: number): void {
    this.#sinceLookBytes += sizeBytes;
    const now = performance.now();
    if (!this.#throttle.limited || this.facts.self?.pressure === false) return;
    if (this.#sinceLookBytes < BURST_BYTES || now - this.#lookedAtMs < PRESSURE_EVERY_MS) return;
    this.#sinceLookBytes = 0;
    this.#lookedAtMs = now;
    const answer: Buffer[] = [];
    runFarScript({ ...PRESSURE, signal: this.#closed.signal }, this.#far, { chunk: (bytes) => void answer.push(bytes) })
      .then(({ end }) => {
        if (end === 'complete') this.#throttle.slowTo(shareUnderPressure(Buffer.concat(answer).toString('latin1')));
      })
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#closing();
  }
}
