import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kubectl, type Laboratory } from './laboratory.js';

/**
 * What a network plugin does, for the pods of one namespace on the lab's nodes: drops the beginning of every TCP connection of a pod with
 * our label, in each direction in which no policy of its namespace allows everything to all pods. It knows no other policy.
 */

const TABLE = 'exhibit_test_enforcer';
const LABEL = 'kubexhibit.dev/quarantine';
/** As network plugins do it: what is connected already goes on. */
const BEGINS = 'tcp flags & (syn | ack) == syn';
const run = promisify(execFile);

interface Policy {
  readonly spec: {
    readonly podSelector: { readonly matchLabels?: object };
    readonly ingress?: readonly object[];
    readonly egress?: readonly object[];
  };
}
interface Pod {
  readonly status: { readonly podIP?: string };
}

export class TestEnforcer {
  readonly #laboratory: Laboratory;
  readonly #namespace: string;

  constructor(laboratory: Laboratory, namespace: string) {
    this.#laboratory = laboratory;
    this.#namespace = namespace;
  }

  /** Filters by what the cluster says now. */
  async enforce(): Promise<void> {
    const policies = await this.#list<Policy>(['networkpolicies']);
    const toAll = policies.filter(({ spec }) => Object.keys(spec.podSelector.matchLabels ?? {}).length === 0);
    const allows = (direction: 'ingress' | 'egress'): boolean =>
      toAll.some(({ spec }) => (spec[direction] ?? []).some((rule) => Object.keys(rule).length === 0));
    const addresses = (await this.#list<Pod>(['pods', '-l', LABEL])).flatMap(({ status }) => status.podIP ?? []);
    const rules = addresses.flatMap((address) => [
      ...(allows('egress') ? [] : [`ip saddr ${address} ${BEGINS} drop`]),
      ...(allows('ingress') ? [] : [`ip daddr ${address} ${BEGINS} drop`]),
    ]);
    await this.stop();
    const chain = `chain bridge ${TABLE} passing { type filter hook forward priority 0; }`;
    const commands = [`table bridge ${TABLE}`, chain, ...rules.map((rule) => `rule bridge ${TABLE} passing ${rule}`)];
    for (const network of this.#networks())
      await run('nsenter', [`--net=${network}`, 'nft', commands.map((command) => `add ${command}`).join('; ')]);
  }

  async stop(): Promise<void> {
    for (const network of this.#networks())
      await run('nsenter', [`--net=${network}`, 'nft', `add table bridge ${TABLE}; delete table bridge ${TABLE}`]);
  }

  #networks(): readonly string[] {
    const { settings, nodes } = this.#laboratory;
    return nodes.flatMap((_name, index) => settings[`LAB_NODE${String(index + 1)}_NETNS`] ?? []);
  }

  async #list<T>(what: readonly string[]): Promise<readonly T[]> {
    const text = await kubectl(this.#laboratory, ['get', ...what, '-n', this.#namespace, '-o', 'json']);
    return (JSON.parse(text) as { items: readonly T[] }).items;
  }
}
