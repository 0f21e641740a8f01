import type { PlannedArtifact } from '../../model/artifact.js';
import type { ApiResource } from '../../model/target.js';
import type { PlanContext } from '../../ports/collector.js';
import { distinctSegments, keyPart } from '../segments.js';
import { listPath, resourceName, type PlannedList } from './planned-list.js';

const PAGES = 'data/cluster/lists';
const INDEX = 'data/derived/objects-index';

/** One list as a planned artifact. `segments` are the folder of the resource and, where it is narrowed, of the namespace. */
export function plannedList(
  resource: ApiResource,
  namespace: string | null,
  segments: readonly string[],
): PlannedArtifact {
  const data: PlannedList = {
    group: resource.group,
    version: resource.version,
    resource: resource.resource,
    delegated: resource.delegated,
    namespace,
    folder: [PAGES, ...segments].join('/'),
    indexFolder: [INDEX, ...segments].join('/'),
  };
  const key = `objects/${keyPart(resourceName(resource))}`;
  return {
    artifact: namespace === null ? key : `${key}/${keyPart(namespace)}`,
    required: true,
    source: listPath(data),
    ...(resource.delegated ? { volatility: 'V6' as const } : {}),
    data,
  };
}

/** Events have a collector of their own, which reads them first. */
function isListed(resource: ApiResource): boolean {
  const isEvents = resource.resource === 'events' && (resource.group === '' || resource.group === 'events.k8s.io');
  return resource.verbs.includes('list') && !resource.resource.includes('/') && !isEvents;
}

/** Every listable resource once, or once per namespace in scope; delegated ones last. */
export function* planLists(context: PlanContext): Generator<PlannedArtifact> {
  const { targets } = context;
  const listed = targets.resources.filter(isListed);
  const folders = distinctSegments(listed.map(resourceName));
  const namespaces = context.wholeCluster || targets.namespaces === 'all' ? null : distinctSegments(targets.namespaces);
  for (const delegated of [false, true]) {
    for (const resource of listed.filter((one) => one.delegated === delegated)) {
      const folder = folders.get(resourceName(resource)) ?? '_';
      if (!resource.namespaced || namespaces === null) yield plannedList(resource, null, [folder]);
      else for (const [name, segment] of namespaces) yield plannedList(resource, name, [folder, segment]);
    }
  }
}
