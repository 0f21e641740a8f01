import { ExhibitError } from '../../model/errors.js';
import type { ApiResource } from '../../model/target.js';
import { arrayAt, booleanAt, parseJson, stringAt, stringsAt } from '../../lib/untyped.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';

const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

const MAX_RESOURCES = 20_000;

export interface Discovery {
  readonly resources: readonly ApiResource[];
  readonly unreachableGroups: readonly { readonly group: string; readonly reason: string }[];
}

type Found = Omit<ApiResource, 'delegated'>;
interface Groups {
  found: Found[];
  unreachable: { group: string; reason: string }[];
}

/**
 * What the server announces: aggregated discovery in two requests, the older one request per group version where the server does not
 * know it. One version per resource, the one the server prefers. Subresources are left out. Throws only when discovery as a whole fails.
 */
export async function discoverResources(cluster: ClusterReader, signal: AbortSignal): Promise<Discovery> {
  const groups: Groups = { found: [], unreachable: [] };
  for (const root of ['/api', '/apis']) {
    const answer = await cluster.get({ path: root, kind: 'small', accept: AGGREGATED, signal });
    if (answer.status === 403)
      throw new ExhibitError('CLUSTER_FORBIDDEN', `discovery of ${root} is forbidden`, { subject: root });
    const body = parseJson(answer.body);
    if (answer.status !== 200 || body === undefined) {
      throw new ExhibitError('CLUSTER_PROTOCOL', `discovery of ${root} answered ${String(answer.status)}`, {
        subject: root,
      });
    }
    if (stringAt(body, 'kind') === 'APIGroupDiscoveryList') readAggregated(body, groups);
    else await readLegacy({ cluster, root, body, groups, signal });
  }
  if (groups.found.length > MAX_RESOURCES) {
    throw new ExhibitError('CLUSTER_PROTOCOL', `the server announces more than ${String(MAX_RESOURCES)} resources`);
  }
  const delegated = await delegatedGroups(cluster, signal);
  const seen = new Set<string>();
  const resources: ApiResource[] = [];
  for (const found of groups.found) {
    const key = `${found.group}/${found.resource}`;
    if (seen.has(key) || !found.verbs.includes('list')) continue;
    seen.add(key);
    resources.push({ ...found, delegated: delegated(found) });
  }
  resources.sort((a, b) =>
    compare(`${a.group}\0${a.version}\0${a.resource}`, `${b.group}\0${b.version}\0${b.resource}`),
  );
  return { resources, unreachableGroups: groups.unreachable };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readAggregated(body: unknown, groups: Groups): void {
  for (const item of arrayAt(body, 'items')) {
    const group = stringAt(item, 'metadata', 'name') ?? '';
    for (const version of arrayAt(item, 'versions')) {
      const name = stringAt(version, 'version') ?? '';
      if (stringAt(version, 'freshness') === 'Stale')
        groups.unreachable.push({ group, reason: 'discovery is stale: the API server behind it does not answer' });
      for (const resource of arrayAt(version, 'resources')) {
        groups.found.push({
          group,
          version: name,
          resource: stringAt(resource, 'resource') ?? '',
          kind: stringAt(resource, 'responseKind', 'kind') ?? '',
          namespaced: stringAt(resource, 'scope') === 'Namespaced',
          verbs: stringsAt(resource, 'verbs'),
        });
      }
    }
  }
}

interface Legacy {
  readonly cluster: ClusterReader;
  readonly root: string;
  readonly body: unknown;
  readonly groups: Groups;
  readonly signal: AbortSignal;
}

async function readLegacy({ cluster, root, body, groups, signal }: Legacy): Promise<void> {
  for (const { group, version, path } of groupVersions(root, body)) {
    try {
      const answer = await cluster.get({ path, kind: 'small', signal });
      if (answer.status !== 200) {
        groups.unreachable.push({ group, reason: `discovery answered ${String(answer.status)}` });
        continue;
      }
      groups.found.push(...resourcesOf(parseJson(answer.body), group, version));
    } catch (error) {
      if (
        error instanceof ExhibitError &&
        (error.code === 'TIMEOUT' || error.code === 'CUT' || error.code === 'LIMIT_REACHED')
      ) {
        groups.unreachable.push({ group, reason: error.message });
        continue;
      }
      throw error;
    }
  }
}

function resourcesOf(body: unknown, group: string, version: string): Found[] {
  return arrayAt(body, 'resources').flatMap((resource) => {
    const name = stringAt(resource, 'name') ?? '';
    if (name === '' || name.includes('/')) return [];
    const namespaced = booleanAt(resource, 'namespaced') === true;
    return [
      {
        group,
        version,
        resource: name,
        kind: stringAt(resource, 'kind') ?? '',
        namespaced,
        verbs: stringsAt(resource, 'verbs'),
      },
    ];
  });
}

function groupVersions(root: string, body: unknown): { group: string; version: string; path: string }[] {
  if (root === '/api') {
    return stringsAt(body, 'versions').map((version) => ({
      group: '',
      version,
      path: `/api/${encodeURIComponent(version)}`,
    }));
  }
  return arrayAt(body, 'groups').flatMap((item) => {
    const group = stringAt(item, 'name') ?? '';
    const preferred = stringAt(item, 'preferredVersion', 'version');
    const versions = arrayAt(item, 'versions').map((version) => stringAt(version, 'version') ?? '');
    versions.sort((a, b) => Number(b === preferred) - Number(a === preferred));
    return versions.map((version) => ({
      group,
      version,
      path: `/apis/${encodeURIComponent(group)}/${encodeURIComponent(version)}`,
    }));
  });
}

/** Groups behind an aggregated API server and resources converted by a webhook. Where that cannot be read, every group that is not Kubernetes' own counts. */
async function delegatedGroups(cluster: ClusterReader, signal: AbortSignal): Promise<(found: Found) => boolean> {
  const delegated = new Set<string>();
  const services = await cluster.list({ path: '/apis/apiregistration.k8s.io/v1/apiservices', signal }, (page) => {
    for (const item of page.items) {
      if (stringAt(item, 'spec', 'service', 'name') !== undefined) delegated.add(stringAt(item, 'spec', 'group') ?? '');
    }
    return Promise.resolve();
  });
  const definitions = await cluster.list(
    { path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', pageSize: 50, signal },
    (page) => {
      for (const item of page.items) {
        if (stringAt(item, 'spec', 'conversion', 'strategy') !== 'Webhook') continue;
        delegated.add(`${stringAt(item, 'spec', 'group') ?? ''}/${stringAt(item, 'spec', 'names', 'plural') ?? ''}`);
      }
      return Promise.resolve();
    },
  );
  const known = services.complete && definitions.complete;
  return (found) => {
    if (delegated.has(found.group) || delegated.has(`${found.group}/${found.resource}`)) return true;
    return !known && found.group.includes('.') && !found.group.endsWith('.k8s.io');
  };
}
