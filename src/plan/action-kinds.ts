import type { ClusterActionKindName } from '../model/action.js';
import type { ActionKind } from './action-kind.js';
import { annotate } from './actions/annotate.js';
import { cordonNode } from './actions/cordon-node.js';
import { denyNetwork } from './actions/deny-network.js';
import { denyCalico } from './actions/deny-calico.js';
import { denyCilium } from './actions/deny-cilium.js';
import { detachPod } from './actions/detach-pod.js';
import { evictPod } from './actions/evict-pod.js';
import { pinPod } from './actions/pin-pod.js';
import { taintNode } from './actions/taint-node.js';

/** A kind whose views have been checked by its own schema before it sees them. */
function erased<View>(kind: ActionKind<View>): ActionKind<unknown> {
  if (kind.makes) {
    return { ...kind, body: (name, view) => kind.body(name, kind.view.parse(view)) };
  }
  return {
    ...kind,
    look: (object, like) => kind.look(object, kind.view.parse(like)),
    patch: (object, view) => kind.patch(object, kind.view.parse(view)),
    undone: ({ before, intended }, options) =>
      kind.undone({ before: kind.view.parse(before), intended: kind.view.parse(intended) }, options),
  };
}

const KINDS: Readonly<Record<ClusterActionKindName, ActionKind<unknown>>> = {
  'annotate': erased(annotate),
  'cordon-node': erased(cordonNode),
  'taint-node': erased(taintNode),
  'pin-pod': erased(pinPod),
  'deny-network': erased(denyNetwork),
  'deny-cilium': erased(denyCilium),
  'deny-calico': erased(denyCalico),
  'detach-pod': erased(detachPod),
  'evict-pod': erased(evictPod),
};

export function actionKindOf(name: ClusterActionKindName): ActionKind<unknown> {
  return KINDS[name];
}
