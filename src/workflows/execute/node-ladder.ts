import { ExhibitError } from '../../model/errors.js';
import type { NodeTarget } from '../../model/target.js';
import type { NodeAccess, NodeAccessChoice, NodeAccessRefusal, NodeAccessRung } from '../../ports/node-access.js';

const MAX_DETAIL_LENGTH = 500;

export interface NodeLadderDeps {
  /** In the order in which they are tried. */
  readonly rungs: readonly NodeAccessRung[];
  readonly nodes: readonly NodeTarget[];
  /** Told once per node how the ladder was climbed, before the first artifact uses it. */
  readonly record: (node: NodeTarget, choice: NodeAccessChoice) => Promise<void>;
}

/** One way to each node, opened when it is first asked for, by the first rung that leads there; every refusal is recorded. */
export class NodeLadder {
  readonly #deps: NodeLadderDeps;
  readonly #choices = new Map<string, Promise<NodeAccessChoice>>();

  constructor(deps: NodeLadderDeps) {
    this.#deps = deps;
  }

  async accessTo(node: string, signal: AbortSignal): Promise<NodeAccess> {
    const choosing = this.#choices.get(node) ?? this.#choose(node, signal);
    this.#choices.set(node, choosing);
    const { access, refusals } = await choosing;
    if (access !== null) return access;
    const reasons = refusals.map(({ rung, reason, detail }) => `${rung}: ${reason} (${detail})`).join('; ');
    throw new ExhibitError('NODE_ACCESS_REFUSED', reasons === '' ? 'no way to the node was asked for' : reasons, {
      subject: refusals.at(-1)?.reason ?? 'not-asked-for',
    });
  }

  async #choose(name: string, signal: AbortSignal): Promise<NodeAccessChoice> {
    const node = this.#deps.nodes.find((one) => one.name === name);
    if (node === undefined) return { access: null, refusals: [] };
    const refusals: NodeAccessRefusal[] = [];
    let access: NodeAccess | null = null;
    for (const rung of this.#deps.rungs) {
      try {
        access = await rung.open(node, signal);
        break;
      } catch (error) {
        signal.throwIfAborted();
        refusals.push(refusalOf(rung, error));
      }
    }
    const choice = { access, refusals };
    await this.#deps.record(node, choice);
    return choice;
  }

  /** Ends every way that was opened. Never throws. */
  async close(): Promise<void> {
    const choices = await Promise.allSettled(this.#choices.values());
    await Promise.allSettled(
      choices.map(async (choice) => (choice.status === 'fulfilled' ? await choice.value.access?.close() : undefined)),
    );
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
