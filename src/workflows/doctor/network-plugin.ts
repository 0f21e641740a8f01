import { arrayAt, stringAt } from '../../lib/untyped.js';
import type { Check } from './check.js';
import { check } from './check.js';

/** `yes` = made to enforce NetworkPolicies, `no` = made without it, `optional` = only where it was turned on. */
type Enforces = 'yes' | 'no' | 'optional';

/** DaemonSets of network plugins by their usual names. */
const PLUGINS: Readonly<Record<string, readonly [plugin: string, enforces: Enforces]>> = {
  'cilium': ['Cilium', 'yes'],
  'anetd': ['GKE Dataplane V2', 'yes'],
  'calico-node': ['Calico', 'yes'],
  'canal': ['Canal', 'yes'],
  'antrea-agent': ['Antrea', 'yes'],
  'ovnkube-node': ['OVN-Kubernetes', 'yes'],
  'kube-router': ['kube-router', 'yes'],
  'weave-net': ['Weave Net', 'yes'],
  'azure-npm': ['Azure NPM', 'yes'],
  'aws-node': ['Amazon VPC CNI', 'optional'],
  'kindnet': ['kindnet', 'optional'],
  'kube-flannel-ds': ['Flannel', 'no'],
  'kube-flannel': ['Flannel', 'no'],
};

const GUESS = 'a guess by the name of its DaemonSet';
const PROBE = 'Only a probe shows it: exhibit quarantine pod NAMESPACE/POD says what it rests on';

/** The agent that enforces for the VPC CNI is told to by an argument. */
function isAgentOn(daemonSet: unknown): boolean {
  return arrayAt(daemonSet, 'spec', 'template', 'spec', 'containers').some((container) =>
    arrayAt(container, 'args').includes('--enable-network-policy=true'),
  );
}

function foundBy(daemonSet: unknown): readonly [string, Enforces] | undefined {
  const name = stringAt(daemonSet, 'metadata', 'name') ?? '';
  const known = Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined;
  if (name === 'aws-node' && isAgentOn(daemonSet)) return ['Amazon VPC CNI with its policy agent', 'yes'];
  return known;
}

const SAID: Readonly<Record<Enforces, string>> = {
  yes: 'made to enforce NetworkPolicies',
  no: 'made without enforcing NetworkPolicies: a deny policy holds nobody',
  optional: 'enforces NetworkPolicies only where that was turned on',
};

/** What the DaemonSets of a cluster say of its network plugin; one that enforces is enough, since they are used together. */
export function networkPluginCheck(daemonSets: readonly unknown[]): Check {
  const found = daemonSets.flatMap((one) => [foundBy(one)]).filter((one) => one !== undefined);
  const subject = 'NetworkPolicy';
  if (found.length === 0)
    return check('network-policy', subject, {
      state: 'unknown',
      reason: 'no network plugin was recognised; whether policies are enforced is not known',
      remedy: PROBE,
    });
  const best = (['yes', 'optional', 'no'] as const).find((one) => found.some(([, enforces]) => enforces === one));
  const [plugin, enforces] = found.find(([, one]) => one === best) ?? found[0] ?? ['', 'no'];
  return check('network-policy', subject, {
    state: enforces === 'yes' ? 'works' : 'degraded',
    reason: `${plugin} (${GUESS}): ${SAID[enforces]}`,
    remedy: PROBE,
  });
}
