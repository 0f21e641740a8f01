import { arrayAt, booleanAt, parseJson, stringAt, valueAt } from '../../../lib/untyped.js';
import { ExhibitError } from '../../../model/errors.js';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../../model/collector-pod-settings.js';
import { denyCalico } from '../../../plan/actions/deny-calico.js';
import { denyCilium } from '../../../plan/actions/deny-cilium.js';
import { effectivePolicy } from '../../../plan/network/effective-policy.js';
import { labelsOf } from '../../../plan/network/label-selector.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import { pathOf, readList } from '../read-cluster.js';
import type { Suspect } from '../read-scene.js';
import type { PolicyView } from './containment-check.js';

type Reader = Pick<ClusterReader, 'get' | 'list'>;

/** A suspect as the server has it now. */
export interface LiveSuspect {
  readonly suspect: Suspect;
  readonly view: PolicyView;
  readonly addresses: readonly string[];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an error without a message';
}

function viewOf(pod: string, given: Partial<PolicyView>): PolicyView {
  return {
    ...{ pod, unknown: null, gone: false, hostNetwork: false },
    ...{ ingressAllowedBy: [], egressAllowedBy: [], unrestricted: [] },
    ...given,
  };
}

function addressesOf(pod: unknown): readonly string[] {
  const many = arrayAt(pod, 'status', 'podIPs').flatMap((one) => stringAt(one, 'ip') ?? []);
  const one = stringAt(pod, 'status', 'podIP');
  return many.length > 0 ? many.slice(0, 2) : one === undefined ? [] : [one];
}

/** `null` = there is none of that name. */
async function readPod(path: string, reader: Reader): Promise<unknown> {
  const answer = await reader.get({ path, kind: 'small' });
  if (answer.status === 404) return null;
  const pod = answer.status === 200 ? parseJson(answer.body) : undefined;
  if (stringAt(pod, 'metadata', 'uid') !== undefined) return pod;
  throw new ExhibitError('CLUSTER_PROTOCOL', `the answer for the pod is none: status ${String(answer.status)}`, {
    subject: path,
  });
}

async function look(suspect: Suspect, reader: Reader): Promise<LiveSuspect> {
  const { namespace, name, uid } = suspect;
  const known = `${namespace}/${name}`;
  const at = ['namespaces', namespace];
  const pod = await readPod(pathOf('', ...at, 'pods', name), reader);
  if (pod === null || stringAt(pod, 'metadata', 'uid') !== uid)
    return { suspect, view: viewOf(known, { gone: true }), addresses: [] };
  const path = pathOf('networking.k8s.io', ...at, 'networkpolicies');
  const { ingress, egress } = effectivePolicy(labelsOf(pod), await readList(reader, { path, what: 'networkpolicies' }));
  const directions = { ingress, egress };
  const view = viewOf(known, {
    hostNetwork: booleanAt(pod, 'spec', 'hostNetwork') === true,
    ingressAllowedBy: ingress.allowedBy,
    egressAllowedBy: egress.allowedBy,
    unrestricted: (['ingress', 'egress'] as const).filter((one) => !directions[one].isRestricted),
  });
  return { suspect, view, addresses: addressesOf(pod) };
}

/** The suspects as they are now, and what all NetworkPolicies of their namespaces say of them. Never throws: what is not known is said. */
export async function livePolicies(suspects: readonly Suspect[], reader: Reader): Promise<readonly LiveSuspect[]> {
  const live: LiveSuspect[] = [];
  for (const suspect of suspects) {
    const name = `${suspect.namespace}/${suspect.name}`;
    const unknown = (error: unknown): LiveSuspect => ({
      ...{ suspect, addresses: [] },
      view: viewOf(name, { unknown: messageOf(error) }),
    });
    live.push(await look(suspect, reader).catch(unknown));
  }
  return live;
}

/** Policies of network plugins and for the whole cluster that may hold for a pod. Namespaced ones count in the suspects' namespaces alone. */
const OTHERS = [
  { group: 'cilium.io', version: 'v2', resource: 'ciliumnetworkpolicies', namespaced: true },
  { group: 'cilium.io', version: 'v2', resource: 'ciliumclusterwidenetworkpolicies', namespaced: false },
  { group: 'crd.projectcalico.org', version: 'v1', resource: 'networkpolicies', namespaced: true },
  { group: 'crd.projectcalico.org', version: 'v1', resource: 'globalnetworkpolicies', namespaced: false },
  { group: 'policy.networking.k8s.io', version: 'v1alpha1', resource: 'adminnetworkpolicies', namespaced: false },
  {
    group: 'policy.networking.k8s.io',
    version: 'v1alpha1',
    resource: 'baselineadminnetworkpolicies',
    namespaced: false,
  },
] as const;

/** By our label, and because it allows nothing: anybody may put our label on a policy. */
function isOurs(policy: unknown): boolean {
  if (labelsOf(policy)[MANAGED_BY_LABEL] !== MANAGED_BY || valueAt(policy, 'specs') !== undefined) return false;
  return [denyCilium, denyCalico].some((kind) => {
    const { policyTypes, allows } = kind.look(policy);
    return policyTypes.length === 2 && allows === 0;
  });
}

/** How many there are that are not ours; `null` = the server has no such thing. */
async function countOf(path: string, reader: Reader): Promise<number | null | 'unreadable'> {
  let count = 0;
  const end = await reader.list({ path, maxPages: 20 }, async (page) => {
    if (page.number === 1) count = 0;
    count += page.items.filter((item) => !isOurs(item)).length;
    await Promise.resolve();
  });
  if (end.complete) return count;
  return end.status === 404 ? null : 'unreadable';
}

/** Policies that are there and are not evaluated, each kind in words. Never throws. */
export async function unevaluatedPolicies(namespaces: readonly string[], reader: Reader): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { group, version, resource, namespaced } of OTHERS) {
    const root = `/apis/${group}/${version}`;
    const paths = namespaced
      ? namespaces.map((namespace) => `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`)
      : [`${root}/${resource}`];
    for (const path of paths) {
      const count = await countOf(path, reader).catch(() => 'unreadable' as const);
      if (count === null) break;
      const where = namespaced ? ` (${path.split('/')[5] ?? ''})` : '';
      if (count === 'unreadable') said.push(`${resource}.${group}${where}: may not be read`);
      else if (count > 0) said.push(`${resource}.${group}${where}: ${String(count)}`);
    }
  }
  return said;
}
