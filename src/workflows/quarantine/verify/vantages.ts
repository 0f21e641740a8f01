import type { NodeTarget } from '../../../model/target.js';
import type { NodeAccess, NodeAccessChoice, NodeAccessRung } from '../../../ports/node-access.js';
import { NodeLadder } from '../../execute/node-ladder.js';
import { openListener } from './probe-listener.js';
import type { Vantage } from './probe-pod.js';

/** Time that the first change waits for a way to a node, so that it is seen what there was before. */
const FIRST_WITHIN_MS = 30_000;
const SECOND_WITHIN_MS = 60_000;

export interface VantagesOptions {
  readonly rungs: readonly NodeAccessRung[];
  readonly nodes: readonly NodeTarget[];
  readonly record: (node: NodeTarget, choice: NodeAccessChoice) => Promise<void>;
  readonly signal: AbortSignal;
  readonly token: () => string;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an error without a message';
}

/** The ways from which it is seen whether a containment holds, each opened once. */
export class Vantages {
  readonly #options: VantagesOptions;
  readonly #ladder: NodeLadder;
  readonly #seconds = new Map<string, NodeAccess>();
  readonly #refused = new Map<string, string>();

  constructor(options: VantagesOptions) {
    this.#options = options;
    this.#ladder = new NodeLadder(options);
  }

  /** Why there is no way to this node; `undefined` = there is one, or none was tried. */
  whyNot(node: string): string | undefined {
    return this.#refused.get(node);
  }

  /** `null` = no way leads there. Never throws. */
  async first(node: string): Promise<NodeAccess | null> {
    if (this.#refused.has(node)) return null;
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(FIRST_WITHIN_MS)]);
    return await this.#ladder.accessTo(node, signal).catch((error: unknown) => {
      this.#refused.set(node, messageOf(error));
      return null;
    });
  }

  /**
   * A pod more, where the first way is one: what it sends comes from a pod that nobody contains. Without it nothing shows that a listener
   * in the first could have been reached from a pod. Throws as the rung and the listener.
   */
  async open(node: string, first: NodeAccess): Promise<Vantage> {
    if (first.facts.rung !== 'collector-pod') return { first, second: null, listener: null };
    const second = this.#seconds.get(node) ?? (await this.#openSecond(node));
    if (second === null) return { first, second, listener: null };
    this.#seconds.set(node, second);
    const { signal, token } = this.#options;
    return { first, second, listener: await openListener({ access: first, pid: null }, { signal, token }) };
  }

  async #openSecond(name: string): Promise<NodeAccess | null> {
    const { rungs, nodes, signal } = this.#options;
    const node = nodes.find((one) => one.name === name);
    const rung = rungs.find((one) => one.rung === 'collector-pod');
    if (node === undefined || rung === undefined) return null;
    return await rung.open(node, AbortSignal.any([signal, AbortSignal.timeout(SECOND_WITHIN_MS)]));
  }

  /** Never throws. */
  async close(): Promise<void> {
    for (const access of this.#seconds.values()) await access.close().catch(() => undefined);
    this.#seconds.clear();
    await this.#ladder.close();
  }
}
