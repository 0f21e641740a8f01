import type { ActionSubject } from '../../model/action.js';
import { denialOf } from '../../plan/deny-view.js';
import { lookAtTolerations } from '../../plan/actions/pin-pod.js';
import { type Labels, labelsOf } from '../../plan/network/label-selector.js';
import { policyNameOf, QUARANTINE_LABEL } from '../../plan/quarantine-names.js';
import type { PolicyApi } from './policy-apis.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene, SceneNode, Suspect } from './read-scene.js';
import type { Steps } from './steps.js';

const NODE_ANNOTATIONS = {
  'cluster-autoscaler.kubernetes.io/scale-down-disabled': 'true',
  'karpenter.sh/do-not-disrupt': 'true',
};
const POD_ANNOTATIONS = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
};

export interface PlanNames {
  readonly caseToken: string;
  readonly plan: string;
}

const nodeSubject = ({ name, uid }: SceneNode): ActionSubject => ({
  ...{ group: '', version: 'v1', resource: 'nodes', namespace: null },
  ...{ name, uid },
});
const podSubject = ({ namespace, name, uid }: Suspect): ActionSubject => ({
  ...{ group: '', version: 'v1', resource: 'pods' },
  ...{ namespace, name, uid },
});

function annotateNode(steps: Steps, node: SceneNode): void {
  const of = { phase: 'protect', subject: nodeSubject(node), object: node.object } as const;
  steps.add({ ...of, name: 'annotate-node', kind: 'annotate', intended: NODE_ANNOTATIONS });
}

function annotatePod(steps: Steps, suspect: Suspect): void {
  const of = { phase: 'protect', subject: podSubject(suspect), object: suspect.object } as const;
  steps.add({ ...of, name: 'annotate-pod', kind: 'annotate', intended: POD_ANNOTATIONS });
}

function closeNode(steps: Steps, node: SceneNode, caseToken: string): void {
  const of = { phase: 'protect', subject: nodeSubject(node), object: node.object } as const;
  steps.add({ ...of, name: 'cordon', kind: 'cordon-node', intended: { unschedulable: true } });
  const taint = { key: QUARANTINE_LABEL, effect: 'NoSchedule', value: caseToken };
  steps.add({ ...of, name: 'taint', kind: 'taint-node', intended: taint });
}

function pinPod(steps: Steps, suspect: Suspect): void {
  const of = { phase: 'protect', subject: podSubject(suspect), object: suspect.object } as const;
  const { tolerations } = lookAtTolerations(suspect.object);
  if (tolerations.length === 0) return;
  const pinned = tolerations.map((one) => ({ ...one, seconds: null }));
  steps.add({ ...of, name: 'pin', kind: 'pin-pod', intended: { tolerations: pinned } });
}

function denyNamespace(steps: Steps, namespace: string, { caseToken, plan }: PlanNames): readonly number[] {
  const kind = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
  const step = steps.add({
    name: 'deny-policy',
    kind: 'deny-network',
    phase: 'contain',
    subject: { ...kind, namespace, name: policyNameOf(caseToken, plan), uid: null },
    object: undefined,
    intended: denialOf(caseToken, { key: QUARANTINE_LABEL, value: caseToken }),
  });
  return step === null ? [] : [step];
}

/** Those of the network plugin besides: no suspect waits for them, since the other policy holds without them. */
function denyByPlugin(
  steps: Steps,
  namespace: string,
  { apis, names: { caseToken, plan } }: { readonly apis: readonly PolicyApi[]; readonly names: PlanNames },
): void {
  for (const { kind, namePrefix, ...api } of apis)
    steps.add({
      ...{ name: 'deny-policy', kind, phase: 'contain', object: undefined },
      subject: { ...api, namespace, name: `${namePrefix}${policyNameOf(caseToken, plan)}`, uid: null },
      intended: denialOf(caseToken, { key: QUARANTINE_LABEL, value: caseToken }),
    });
}

/**
 * The labels of a suspect as `detach` leaves them, of those that it touches. Ours comes last and wins: a suspect that bears the key itself,
 * and is found by it, would have our own patch take it from the policy.
 */
function detachedLabels({ selectorKeys }: Suspect, caseToken: string): Readonly<Record<string, string | null>> {
  return { ...Object.fromEntries(selectorKeys.map((key) => [key, null])), [QUARANTINE_LABEL]: caseToken };
}

/** What keeps others from taking the objects away, then the node and the pins. No pod is restarted or evicted. */
export function protectObjects(
  steps: Steps,
  { nodes, suspects }: Scene,
  { target, caseToken }: Pick<QuarantineRequest, 'target'> & { readonly caseToken: string },
): void {
  for (const node of nodes) annotateNode(steps, node);
  for (const suspect of suspects) annotatePod(steps, suspect);
  if (target === 'node') for (const node of nodes) closeNode(steps, node, caseToken);
  for (const suspect of suspects) pinPod(steps, suspect);
}

/** The policies, and only after them the one patch by which they begin to hold for the suspects. */
export function containObjects(steps: Steps, { suspects, policyApis: apis = [] }: Scene, names: PlanNames): void {
  const policies = new Map<string, readonly number[]>();
  for (const { namespace } of suspects) {
    if (policies.has(namespace)) continue;
    policies.set(namespace, denyNamespace(steps, namespace, names));
    denyByPlugin(steps, namespace, { apis, names });
  }
  for (const suspect of suspects) {
    steps.add({
      name: 'detach',
      kind: 'detach-pod',
      phase: 'contain',
      subject: podSubject(suspect),
      object: suspect.object,
      intended: detachedLabels(suspect, names.caseToken),
      needs: policies.get(suspect.namespace) ?? [],
    });
  }
}

/** Labels of a suspect after `detach`. */
export function labelsAfter(suspect: Suspect, caseToken: string): Labels {
  const changed = detachedLabels(suspect, caseToken);
  const kept = Object.entries(labelsOf(suspect.object)).filter(([key]) => !Object.hasOwn(changed, key));
  return Object.fromEntries([...kept, [QUARANTINE_LABEL, caseToken]]);
}
