import { arrayAt, stringAt } from '../lib/untyped.js';
import type { ClusterStep } from '../model/action.js';
import type { ClusterActuator, ObjectRef } from '../ports/cluster-actuator.js';
import { LOST_NODE } from './actions/pin-pod.js';

type Reader = Pick<ClusterActuator, 'get'>;
type Read = { readonly object: unknown } | { readonly unreadable: string };

async function read(actuator: Reader, ref: ObjectRef): Promise<Read> {
  const answer = await actuator.get(ref);
  if (answer.outcome === 'done') return { object: answer.object };
  if (answer.outcome === 'unknown') return { unreadable: answer.detail };
  return answer.refusal.kind === 'not-found' ? { object: null } : { unreadable: answer.refusal.message };
}

/** The taints by which a pod is deleted after a time when it is no longer pinned. A toleration without a key is one of any of them. */
function evictingTaints(node: unknown, before: unknown): readonly string[] {
  const isAny = arrayAt(before, 'tolerations').some((one) => stringAt(one, 'key') === '');
  return arrayAt(node, 'spec', 'taints')
    .filter((taint) => stringAt(taint, 'effect') === 'NoExecute')
    .map((taint) => stringAt(taint, 'key') ?? '')
    .filter((key) => isAny || LOST_NODE.includes(key));
}

/**
 * Why a pod would be deleted were it no longer pinned: its node is lost. `null` = its node is not, or the pod is gone. What cannot be read
 * is taken for a loss, because a deleted pod does not come back. Throws as the port's `get`.
 */
export async function lossWithoutPin({ subject, before }: ClusterStep, actuator: Reader): Promise<string | null> {
  const { uid, ...ref } = subject;
  const pod = await read(actuator, ref);
  if ('unreadable' in pod) return `whether the node of the pod is lost could not be read: ${pod.unreadable}`;
  const name = stringAt(pod.object, 'spec', 'nodeName') ?? '';
  if (name === '' || stringAt(pod.object, 'metadata', 'uid') !== uid) return null;
  const node = await read(actuator, { group: '', version: 'v1', resource: 'nodes', namespace: null, name });
  if ('unreadable' in node) return `whether node ${name} is lost could not be read: ${node.unreadable}`;
  const taints = evictingTaints(node.object, before);
  if (taints.length === 0) return null;
  return `node ${name} has the taint ${taints.join(' and ')}: the time after which the pod is deleted would begin to run`;
}
