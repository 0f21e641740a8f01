import { stringAt } from '../lib/untyped.js';
import { type ClusterStep, subjectName } from '../model/action.js';
import { detachPod } from '../plan/actions/detach-pod.js';
import { effectivePolicy } from '../plan/network/effective-policy.js';
import { type Labels, labelsOf } from '../plan/network/label-selector.js';
import type { StepReport } from '../plan/step-report.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import { pathOf, readList, readObject } from './quarantine/read-cluster.js';

/** The labels of a suspect as they would be with all that the containment took away. */
function labelsBefore(now: Labels, { before }: ClusterStep): Labels {
  const given = Object.entries(detachPod.view.parse(before));
  const kept = Object.entries(now).filter(([key]) => !given.some(([changed]) => changed === key));
  return Object.fromEntries([...kept, ...given.filter((entry): entry is [string, string] => entry[1] !== null)]);
}

function openings(planned: ClusterStep, pod: unknown, policies: readonly unknown[]): readonly string[] {
  const labels = labelsOf(pod);
  const now = effectivePolicy(labels, policies);
  const before = effectivePolicy(labelsBefore(labels, planned), policies);
  const name = subjectName(planned.subject);
  const lost = before.selectedBy.filter((policy) => !now.selectedBy.includes(policy));
  const open = (['ingress', 'egress'] as const).filter((one) => before[one].isRestricted && !now[one].isRestricted);
  return [
    ...(lost.length === 0
      ? []
      : [`${name}: policy ${lost.join(', ')} does not select it without the labels that were not given back`]),
    ...(open.length === 0 ? [] : [`${name}: no policy restricts its ${open.join(' and ')}, which one did before`]),
  ];
}

async function openingsOf(planned: ClusterStep, reader: ClusterReader): Promise<readonly string[]> {
  const { namespace, name, uid } = planned.subject;
  const at = ['namespaces', namespace ?? ''];
  const pod = await readObject(reader, pathOf('', ...at, 'pods', name), `pod ${name}`);
  if (stringAt(pod, 'metadata', 'uid') !== uid) return [];
  const path = pathOf('networking.k8s.io', ...at, 'networkpolicies');
  return openings(planned, pod, await readList(reader, { path, what: 'networkpolicies' }));
}

/**
 * Where a suspect that was given back has more of the network than before it was contained: our policy is gone, and the labels by which
 * policies of others selected it stay away. Names in it are untrusted. Never throws: what cannot be read is said.
 */
export async function policiesAfterRelease(
  steps: readonly StepReport[],
  reader: ClusterReader,
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { planned, outcome } of steps) {
    if (planned.kind !== 'detach-pod' || outcome !== 'undone') continue;
    const unread = [`${subjectName(planned.subject)}: which policies hold for it now could not be read`];
    said.push(...(await openingsOf(planned, reader).catch(() => unread)));
  }
  return said;
}
