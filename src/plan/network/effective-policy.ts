import { arrayAt, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';
import { type Labels, selects } from './label-selector.js';

export type Direction = 'Ingress' | 'Egress';

/** What all NetworkPolicies of a namespace together say of one direction of a pod's traffic. */
export interface EffectiveDirection {
  /** At least one policy selects the pod for this direction: what no rule allows is denied. */
  readonly isRestricted: boolean;
  /** Names of the policies that select the pod and have a rule for this direction: each allows something, whatever others say. */
  readonly allowedBy: readonly string[];
}

export interface EffectivePolicy {
  /** Names of all policies that select the pod. */
  readonly selectedBy: readonly string[];
  readonly ingress: EffectiveDirection;
  readonly egress: EffectiveDirection;
}

/** As the API fills it in: a policy without types is one for ingress, and for egress as well when it has rules for that. */
function typesOf(policy: unknown): readonly string[] {
  const types = stringsAt(policy, 'spec', 'policyTypes');
  if (types.length > 0) return types;
  return arrayAt(policy, 'spec', 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function nameOf(policy: unknown): string {
  return stringAt(policy, 'metadata', 'name') ?? '';
}

function directionOf(policies: readonly unknown[], direction: Direction): EffectiveDirection {
  const own = policies.filter((policy) => typesOf(policy).includes(direction));
  const rules = direction === 'Ingress' ? 'ingress' : 'egress';
  const allowing = own.filter((policy) => arrayAt(policy, 'spec', rules).length > 0);
  return { isRestricted: own.length > 0, allowedBy: allowing.map(nameOf).sort() };
}

/**
 * Policies add up: one that denies takes nothing away from another that allows. `policies` are the objects of networking.k8s.io/v1 of
 * the pod's namespace, untrusted; others, of the pod's network plugin or for the whole cluster, are not seen here.
 */
export function effectivePolicy(labels: Labels, policies: readonly unknown[]): EffectivePolicy {
  const selecting = policies.filter((policy) => selects(valueAt(policy, 'spec', 'podSelector'), labels));
  return {
    selectedBy: selecting.map(nameOf).sort(),
    ingress: directionOf(selecting, 'Ingress'),
    egress: directionOf(selecting, 'Egress'),
  };
}

/** Every direction is restricted and nothing is allowed in any. */
export function deniesEverything({ ingress, egress }: EffectivePolicy): boolean {
  return [ingress, egress].every(({ isRestricted, allowedBy }) => isRestricted && allowedBy.length === 0);
}
