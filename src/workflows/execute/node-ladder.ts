import { ExhibitError } from '../../model/errors.js';
import type { NodeTarget } from '../../model/target.js';
import type { NodeAccess, NodeAccessChoice, NodeAccessRefusal, NodeAccessRung } from '../../ports/node-access.js';

const MAX_DETAIL_LENGTH = 500;
/** Ways being opened or closed at once: each may be a pod or a connection. */
const MAX_AT_ONCE = 8;

export interface NodeLadderDeps {
  /** In the order in which they are tried. */
  readonly rungs: readonly NodeAccessRung[];
  readonly nodes: readonly NodeTarget[];
  /** Told once per node how the ladder was climbed, before the first artifact uses it. */
  readonly record: (node: NodeTarget, choice: NodeAccessChoice) => Promise<void>;
}

/** The access with how it came about; its methods keep their `this`. */
function climbed(access: NodeAccess, refusals: readonly NodeAccessRefusal[]): NodeAccess {
  return {
    facts: access.facts,
    refusals,
    run: async (command, consumer) => await access.run(command, consumer),
    close: async () => {
      await access.close();
    },
  };
}

/** One way to each node, opened when it is first asked for, by the first rung that leads there; every refusal is recorded. */
export class NodeLadder {
  readonly #deps: NodeLadderDeps;
  readonly #choices = new Map<string, Promise<NodeAccessChoice>>();
  readonly #opened: NodeAccess[] = [];
  readonly #waiting: (() => void)[] = [];
  #opening = 0;

  constructor(deps: NodeLadderDeps) {
    this.#deps = deps;
  }

  async accessTo(node: string, signal: AbortSignal): Promise<NodeAccess> {
    const choosing = this.#choices.get(node) ?? this.#inTurn(async () => await this.#choose(node, signal));
    this.#choices.set(node, choosing);
    const { access, refusals } = await choosing;
    if (access !== null) return access;
    const reasons = refusals.map(({ rung, reason, detail }) => `${rung}: ${reason} (${detail})`).join('; ');
    throw new ExhibitError('NODE_ACCESS_REFUSED', reasons === '' ? 'no way to the node was asked for' : reasons, {
      subject: refusals.at(-1)?.reason ?? 'not-asked-for',
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#opening >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#opening += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#opening -= 1;
      else next();
    }
  }

  async #choose(name: string, signal: AbortSignal): Promise<NodeAccessChoice> {
    signal.throwIfAborted();
    const node = this.#deps.nodes.find((one) => one.name === name);
    if (node === undefined || this.#deps.rungs.length === 0) return { access: null, refusals: [] };
    const choice = await this.#climb(node, signal);
    await this.#deps.record(node, choice);
    return choice;
  }

  async #climb(node: NodeTarget, signal: AbortSignal): Promise<NodeAccessChoice> {
    const refusals: NodeAccessRefusal[] = [];
    for (const rung of this.#deps.rungs) {
      try {
        const access = await rung.open(node, signal);
        this.#opened.push(access);
        return { access: climbed(access, refusals), refusals };
      } catch (error) {
        signal.throwIfAborted();
        refusals.push(refusalOf(rung, error));
      }
    }
    return { access: null, refusals };
  }

  /** Ends every way that was opened, also one whose record could not be written. Never throws. */
  async close(): Promise<void> {
    for (const choosing of this.#choices.values()) await choosing.catch(() => undefined);
    const closers: Promise<void>[] = [];
    while (closers.length < MAX_AT_ONCE) closers.push(this.#closeOneByOne());
    for (const closing of closers) await closing;
    for (const rung of this.#deps.rungs) await rung.close?.().catch(() => undefined);
  }

  async #closeOneByOne(): Promise<void> {
    for (let access = this.#opened.pop(); access !== undefined; access = this.#opened.pop())
      await access.close().catch(() => undefined);
  }
}

function refusalOf({ rung }: NodeAccessRung, error: unknown): NodeAccessRefusal {
  const reason =
    error instanceof ExhibitError && error.code === 'NODE_ACCESS_REFUSED' ? (error.subject ?? 'refused') : 'failed';
  return {
    rung,
    reason,
    detail: (error instanceof Error ? error.message : 'an error without a message').slice(0, MAX_DETAIL_LENGTH),
  };
}
