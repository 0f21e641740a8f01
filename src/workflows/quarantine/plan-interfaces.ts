import type { CloudView } from '../../model/cloud.js';
import type { CloudInstance, CloudInterface } from '../../ports/platform.js';
import { subjectOf } from './plan-machine.js';
import type { Steps } from './steps.js';

type Group = NonNullable<CloudView<'quarantine-group'>>;
export type GroupRules = Pick<Group, 'ingress' | 'egress'>;

const KUBELET = 10_250;
const API = [443, 6_443];
const SSH = 22;

/** Nothing goes in or out, v4 and v6. */
export const NO_RULES: GroupRules = { ingress: [], egress: [] };

function rule(port: number, network: string): string {
  return `tcp ${String(port)} ${network}`;
}

/**
 * What an isolated node keeps: the kubelet's port in, the API server's ports out, so that it stays a node of its cluster and collection
 * sees it; from the networks that were given, ssh as well. `own` = networks that the machine is in.
 */
export function keptRules(own: readonly string[], given: readonly string[]): GroupRules {
  const networks = given.length === 0 ? own : given;
  const ingress = [
    ...networks.map((network) => rule(KUBELET, network)),
    ...given.map((network) => rule(SSH, network)),
  ].sort();
  return { ingress, egress: networks.flatMap((network) => API.map((port) => rule(port, network))).sort() };
}

/** Makes and remembers one group for each network, whichever machines are in it. */
export class QuarantineGroups {
  readonly #steps: Steps;
  readonly #name: string;
  readonly #rules: GroupRules;
  readonly #made = new Map<string, number | null>();

  constructor(steps: Steps, name: string, rules: GroupRules) {
    this.#steps = steps;
    this.#name = name;
    this.#rules = rules;
  }

  /** Puts the group on an interface, and nothing else. `needs` = steps before it. */
  put(instance: CloudInstance, { id, vpc, groups }: CloudInterface, needs: readonly number[]): void {
    const made = this.#make(instance, vpc);
    // It was skipped: there is nothing to be put on.
    if (made === null) return;
    this.#steps.addCloud({
      ...{ name: 'interface-groups', kind: 'interface-groups', phase: 'contain' },
      subject: subjectOf(instance, 'network-interface', id),
      before: { groups: [...groups].sort() },
      intended: { groups: [`${vpc}/${this.#name}`] },
      needs: [...needs, made],
    });
  }

  #make(instance: CloudInstance, vpc: string): number | null {
    const key = [instance.account, instance.region, vpc].join(' ');
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const step = this.#steps.addCloud({
      ...{ name: 'quarantine-group', kind: 'quarantine-group', phase: 'contain' },
      subject: subjectOf(instance, 'security-group', `${vpc}/${this.#name}`),
      before: null,
      intended: { vpc, name: this.#name, ingress: [...this.#rules.ingress], egress: [...this.#rules.egress] },
    });
    this.#made.set(key, step);
    return step;
  }
}
