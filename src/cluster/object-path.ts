import { ExhibitError } from '../model/errors.js';
import type { ResourceRef } from '../ports/cluster-actuator.js';

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
  const bad = segments.find((segment) => !SEGMENT.test(segment));
  if (bad !== undefined) throw new ExhibitError('INTERNAL', 'A name cannot be part of a path.', { subject: bad });
  return `/${segments.join('/')}`;
}
