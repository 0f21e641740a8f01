import type { NodeAccess, NodeCommand, NodeCommandEnd, NodeFacts, NodeStreamConsumer } from '../ports/node-access.js';
import { Throttle } from './throttle.js';
import { runFarScript, type FarSide } from './run-far-script.js';

/** Commands at once on one node. */
const MAX_AT_ONCE = 2;

/** A node that is reached by running scripts there. */
export class ShellAccess implements NodeAccess {
  readonly facts: NodeFacts;
  readonly #far: FarSide;
  readonly #closing: () => Promise<void>;
  readonly #throttle = new Throttle();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(facts: NodeFacts, far: FarSide, closing: () => Promise<void> = () => Promise.resolve()) {
    this.facts = facts;
    this.#far = far;
    this.#closing = closing;
  }

  async run(command: NodeCommand, consumer: NodeStreamConsumer): Promise<NodeCommandEnd> {
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await runFarScript(command, this.#far, {
        chunk: async (bytes) => {
          await this.#throttle.pass(bytes.length, command.signal);
          await consumer.chunk(bytes);
        },
      });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async close(): Promise<void> {
    await this.#closing();
  }
}
