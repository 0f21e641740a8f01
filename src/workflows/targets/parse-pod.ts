import { arrayAt, integerAt, stringAt, valueAt } from '../../lib/untyped.js';
import type { ContainerTarget, NodeTarget, PodTarget } from '../../model/target.js';

const ROLES = [
  ['initContainers', 'initContainerStatuses', 'init'],
  ['containers', 'containerStatuses', 'main'],
  ['ephemeralContainers', 'ephemeralContainerStatuses', 'ephemeral'],
] as const;

const STATES = ['waiting', 'running', 'terminated'] as const;

/** A pod object of the API as a target; `null` when it lacks name, namespace or UID. Containers in the order of the spec. */
export function parsePod(pod: unknown): PodTarget | null {
  const name = stringAt(pod, 'metadata', 'name');
  const namespace = stringAt(pod, 'metadata', 'namespace');
  const uid = stringAt(pod, 'metadata', 'uid');
  if (name === undefined || namespace === undefined || uid === undefined) return null;
  const containers = ROLES.flatMap(([spec, status, role]) => {
    const statuses = new Map(arrayAt(pod, 'status', status).map((entry) => [stringAt(entry, 'name'), entry]));
    return arrayAt(pod, 'spec', spec).flatMap((entry) => {
      const container = stringAt(entry, 'name');
      return container === undefined ? [] : [parseContainer(container, role, statuses.get(container))];
    });
  });
  return {
    namespace,
    name,
    uid,
    node: stringAt(pod, 'spec', 'nodeName') ?? '',
    phase: stringAt(pod, 'status', 'phase') ?? '',
    containers,
  };
}

function parseContainer(name: string, role: ContainerTarget['role'], status: unknown): ContainerTarget {
  const state = STATES.find((candidate) => valueAt(status, 'state', candidate) !== undefined) ?? 'unknown';
  const containerId = stringAt(status, 'containerID') ?? '';
  const imageId = stringAt(status, 'imageID') ?? '';
  const restartCount = Math.max(0, integerAt(status, 'restartCount') ?? 0);
  return {
    name,
    role,
    containerId: containerId === '' ? null : containerId,
    restartCount,
    state,
    stateReason: stringAt(status, 'state', state, 'reason') ?? '',
    hasPrevious: restartCount > 0 || (stringAt(status, 'lastState', 'terminated', 'containerID') ?? '') !== '',
    ...(imageId === '' ? {} : { imageId }),
  };
}

/** A node object of the API as a target; `null` when it lacks name or UID. */
export function parseNode(node: unknown): NodeTarget | null {
  const name = stringAt(node, 'metadata', 'name');
  const uid = stringAt(node, 'metadata', 'uid');
  if (name === undefined || uid === undefined) return null;
  const ready = arrayAt(node, 'status', 'conditions').some(
    (condition) => stringAt(condition, 'type') === 'Ready' && stringAt(condition, 'status') === 'True',
  );
  const internal = arrayAt(node, 'status', 'addresses').find((one) => stringAt(one, 'type') === 'InternalIP');
  const internalIp = stringAt(internal, 'address');
  const bootId = stringAt(node, 'status', 'nodeInfo', 'bootID');
  return {
    name,
    uid,
    machineId: stringAt(node, 'status', 'nodeInfo', 'machineID') ?? '',
    ready,
    ...(bootId === undefined ? {} : { bootId }),
    ...(internalIp === undefined ? {} : { internalIp }),
  };
}
