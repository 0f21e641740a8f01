import { ExhibitError } from '../model/errors.js';
import type { ResourceRef } from '../ports/cluster-actuator.js';
import type { ContainerName } from '../ports/container-checkpointer.js';

/** One segment: what the API takes for a name, or a name of a resource; no slash, no dots alone. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9:_.-]{1,253}$/;

/** The path of a resource, an object or its subresource. Throws `INTERNAL` for what could lead elsewhere. */
export function objectPath(ref: ResourceRef, name?: string, subresource?: string): string {
  const { group, version, resource, namespace } = ref;
  const root = group === '' ? ['api', version] : ['apis', group, version];
  const segments = [
    ...root,
    ...(namespace === null ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${segments.map(checked).join('/')}`;
}

/** Of the kubelet's checkpoint API, through the API server's proxy. Throws `INTERNAL` as `objectPath`. */
export function checkpointPath({ node, namespace, pod, container }: ContainerName): string {
  const nodes: ResourceRef = { group: '', version: 'v1', resource: 'nodes', namespace: null };
  return [objectPath(nodes, node, 'proxy'), 'checkpoint', ...[namespace, pod, container].map(checked)].join('/');
}

function checked(segment: string): string {
  if (SEGMENT.test(segment)) return segment;
  throw new ExhibitError('INTERNAL', 'A name cannot be part of a path.', { subject: segment });
}
