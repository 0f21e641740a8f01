import { stringAt } from '../../lib/untyped.js';
import type { SuspectKind } from '../../model/action.js';
import type { OwnerReference } from './suspect-selector.js';

const KINDS: Readonly<Record<string, SuspectKind>> = {
  ReplicaSet: 'replicaset',
  ReplicationController: 'replicaset',
  StatefulSet: 'statefulset',
  DaemonSet: 'daemonset',
  Job: 'job',
  Node: 'static',
};

/** `behind`: the owner of the controller. */
export function suspectKindOf(pod: unknown, owner: OwnerReference | null, behind: OwnerReference | null): SuspectKind {
  if (stringAt(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror') !== undefined) return 'static';
  if (owner === null) return 'bare';
  if (owner.kind === 'ReplicaSet' && behind?.kind === 'Deployment') return 'deployment';
  return KINDS[owner.kind] ?? 'other';
}

const EFFECTS: Readonly<Record<SuspectKind, string>> = {
  deployment: 'its ReplicaSet makes a replacement at once, of the same image',
  replicaset: 'its controller makes a replacement at once, of the same image',
  statefulset:
    'its StatefulSet cannot make a replacement while a pod of that name is there, and leaves the ordinal empty',
  daemonset: 'its DaemonSet makes a replacement on the same node, beside the suspect and in spite of the cordon',
  job: 'its Job no longer counts it and makes a replacement; a pod that ends is no longer kept for the Job',
  static: 'the pod is made from a file on its node: when the kubelet makes it anew, our label and pins are not on it',
  bare: 'nobody replaces it',
  other: 'what its controller does is not known to us',
};

const KEPT_OUT =
  'its DaemonSet makes no replacement there while the node has a taint that its pods do not tolerate, and one as soon as that is gone';

/** What follows for its controller when the labels by which that finds it are taken away. */
export function ownerEffect(kind: SuspectKind, { isKeptOut }: { readonly isKeptOut: boolean }): string {
  return isKeptOut ? KEPT_OUT : EFFECTS[kind];
}

/** Whether another pod is to be expected in its place. */
export function isReplaced(kind: SuspectKind): boolean {
  return ['deployment', 'replicaset', 'daemonset', 'job'].includes(kind);
}
