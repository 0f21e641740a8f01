import { stringAt } from '../../lib/untyped.js';
import type { ApiResource } from '../../model/target.js';
import type { CollectContext } from '../../ports/collector.js';
import { distinctSegments } from '../segments.js';
import { plannedList } from './plan-lists.js';
import { resourceName, type PlannedList } from './planned-list.js';

/** Namespaces that are walked; sixty times the published limit of a cluster is 10,000. */
const MAX_NAMESPACES = 100_000;

/**
 * Plans the table of Secrets of each namespace. The table of a whole cluster has no column for the namespace, so it proves how many
 * there are but not where. Returns whether every namespace became known.
 */
export async function discoverSecrets(list: PlannedList, folder: string, context: CollectContext): Promise<boolean> {
  const names: string[] = [];
  const end = await context.cluster.list({ path: '/api/v1/namespaces', signal: context.signal }, (page) => {
    for (const item of page.items) {
      const name = stringAt(item, 'metadata', 'name');
      if (name !== undefined && name !== '' && names.length < MAX_NAMESPACES) names.push(name);
    }
    return Promise.resolve();
  });
  const resource: ApiResource = { ...list, kind: 'Secret', namespaced: true, verbs: ['list'] };
  const segments = distinctSegments(names);
  for (const [name, segment] of segments) await context.discover(plannedList(resource, name, [folder, segment]));
  return end.complete && segments.size < MAX_NAMESPACES;
}

export function secretsFolder(list: PlannedList): string {
  return distinctSegments([resourceName(list)]).get(resourceName(list)) ?? '_';
}
