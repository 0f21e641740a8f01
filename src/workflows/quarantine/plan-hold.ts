import type { JSONType } from 'zod';
import type { ActionKindName, ActionSubject, PlannedStep } from '../../model/action.js';
import { actionKindOf } from '../../plan/action-kinds.js';
import { denialOf } from '../../plan/actions/deny-network.js';
import { lookAtTolerations } from '../../plan/actions/pin-pod.js';
import { type Labels, labelsOf } from '../../plan/network/label-selector.js';
import { isSame } from '../../plan/observe.js';
import { policyNameOf, QUARANTINE_LABEL } from '../../plan/quarantine-names.js';
import type { QuarantineRequest, StepName } from './quarantine-request.js';
import type { Scene, SceneNode, Suspect } from './read-scene.js';

const NODE_ANNOTATIONS = {
  'cluster-autoscaler.kubernetes.io/scale-down-disabled': 'true',
  'karpenter.sh/do-not-disrupt': 'true',
};
const POD_ANNOTATIONS = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
};

interface Wish {
  readonly name: StepName;
  readonly kind: ActionKindName;
  readonly phase: PlannedStep['phase'];
  readonly subject: ActionSubject;
  /** `undefined` = the action makes the subject. */
  readonly object: unknown;
  readonly intended: unknown;
  readonly needs?: readonly number[];
}

const nodeSubject = ({ name, uid }: SceneNode): ActionSubject => ({
  ...{ group: '', version: 'v1', resource: 'nodes', namespace: null },
  ...{ name, uid },
});
const podSubject = ({ namespace, name, uid }: Suspect): ActionSubject => ({
  ...{ group: '', version: 'v1', resource: 'pods' },
  ...{ namespace, name, uid },
});

/** Collects the steps that were not skipped. What is as intended already is nobody's change, and nobody's to take back. */
class Steps {
  readonly all: PlannedStep[] = [];
  readonly #skip: readonly StepName[];

  constructor(skip: readonly StepName[]) {
    this.#skip = skip;
  }

  /** The number of the step; `null` when there is none. */
  add({ name, kind: kindName, phase, subject, object, intended, needs = [] }: Wish): number | null {
    if (this.#skip.includes(name)) return null;
    const kind = actionKindOf(kindName);
    const step = this.all.length + 1;
    const before = kind.makes ? null : kind.look(object, intended);
    if (isSame(before, intended)) return null;
    const { reversibility, undo } = kind;
    const states = { before: before as JSONType, intended: intended as JSONType };
    this.all.push({ step, name, kind: kindName, phase, subject, ...states, reversibility, undo, needs });
    return step;
  }
}

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

function denyNamespace(steps: Steps, namespace: string, names: { caseToken: string; plan: string }): number | null {
  const { caseToken, plan } = names;
  const kind = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
  return steps.add({
    name: 'deny-policy',
    kind: 'deny-network',
    phase: 'contain',
    subject: { ...kind, namespace, name: policyNameOf(caseToken, plan), uid: null },
    object: undefined,
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

/**
 * Level `hold`, in the order in which it is done: what keeps others from taking the objects away, then the node and the pins, then the
 * policy, and only after that the one patch by which it begins to hold for the suspects. No pod is restarted or evicted.
 */
export function planHold(
  { skip, target }: Pick<QuarantineRequest, 'skip' | 'target'>,
  { nodes, suspects }: Scene,
  names: { readonly caseToken: string; readonly plan: string },
): readonly PlannedStep[] {
  const steps = new Steps(skip);
  const { caseToken } = names;
  for (const node of nodes) annotateNode(steps, node);
  for (const suspect of suspects) annotatePod(steps, suspect);
  if (target === 'node') for (const node of nodes) closeNode(steps, node, caseToken);
  for (const suspect of suspects) pinPod(steps, suspect);
  const policies = new Map<string, number | null>();
  for (const { namespace } of suspects)
    if (!policies.has(namespace)) policies.set(namespace, denyNamespace(steps, namespace, names));
  for (const suspect of suspects) {
    const policy = policies.get(suspect.namespace) ?? null;
    steps.add({
      name: 'detach',
      kind: 'detach-pod',
      phase: 'contain',
      subject: podSubject(suspect),
      object: suspect.object,
      intended: detachedLabels(suspect, caseToken),
      needs: policy === null ? [] : [policy],
    });
  }
  return steps.all;
}

/** Labels of a suspect after `detach`. */
export function labelsAfter(suspect: Suspect, caseToken: string): Labels {
  const changed = detachedLabels(suspect, caseToken);
  const kept = Object.entries(labelsOf(suspect.object)).filter(([key]) => !Object.hasOwn(changed, key));
  return Object.fromEntries([...kept, [QUARANTINE_LABEL, caseToken]]);
}
