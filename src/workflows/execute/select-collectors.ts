import { ExhibitError } from '../../model/errors.js';
import type { Collector } from '../../ports/collector.js';
import type { CollectRequest } from '../collect-request.js';

type Asked = Pick<CollectRequest, 'kubelet' | 'nodeAccess' | 'withoutCluster'>;

function isAskedFor(collector: Collector, request: Asked): boolean {
  if (request.withoutCluster !== null && collector.needsNodeAccess !== true) return false;
  if (collector.needsKubelet && !request.kubelet) return false;
  return collector.needsNodeAccess !== true || request.nodeAccess.length > 0;
}

/** The collectors of a request in the profile's order; those that need the kubelet, a node or a cluster only where it was asked for. */
export function selectCollectors(
  all: readonly Collector[],
  request: Asked & Pick<CollectRequest, 'collectors' | 'profileName'>,
): readonly Collector[] {
  const byId = new Map(all.map((collector) => [collector.id, collector]));
  return request.collectors.flatMap((id) => {
    const collector = byId.get(id);
    if (collector === undefined) {
      throw new ExhibitError(
        'PROFILE_INVALID',
        `profile ${request.profileName} names a collector that does not exist: ${id}`,
        {
          subject: id,
          hints: [...byId.keys()].sort(),
        },
      );
    }
    return isAskedFor(collector, request) ? [collector] : [];
  });
}

/** What the profile names but nobody asked for; shown on the plan screen, and no gap. */
export function notAskedFor(
  all: readonly Collector[],
  request: Asked & Pick<CollectRequest, 'collectors'>,
): readonly string[] {
  const named = new Set(request.collectors);
  return all.filter((collector) => named.has(collector.id) && !isAskedFor(collector, request)).map(({ id }) => id);
}
