import type { PlannedArtifact } from '../model/artifact.js';
import type { Collector, Permission } from '../ports/collector.js';

/** One verb on one resource, wherever a plan needs it. */
export interface NeededRight {
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource: `pods/log`. Empty for a path that is no resource. */
  readonly resource: string;
  readonly nonResourceUrl: string;
  readonly why: string;
  /** Where it is needed; `''` = in the whole cluster. */
  readonly namespaces: Set<string>;
}

type Attributes = Pick<NeededRight, 'verb' | 'apiGroup' | 'resource' | 'nonResourceUrl'> & {
  readonly namespace: string;
};

/** How the API server's authorizer sees a GET of this path (k8s.io/apiserver, endpoints/request/requestinfo.go). */
export function attributesOf(source: string): Attributes {
  const path = source.split('?', 1)[0] ?? '';
  const [root = '', ...parts] = path.split('/').filter((part) => part !== '');
  if (root === 'api' && parts.length > 1) return resourceOf('', parts.slice(1));
  if (root === 'apis' && parts.length > 2) return resourceOf(decode(parts[0] ?? ''), parts.slice(2));
  return { verb: 'get', apiGroup: '', resource: '', nonResourceUrl: path, namespace: '' };
}

/** `parts` are what follows the version. */
function resourceOf(apiGroup: string, parts: readonly string[]): Attributes {
  const namespace = parts[0] === 'namespaces' ? decode(parts[1] ?? '') : '';
  const [base = '', name, subresource] = namespace !== '' && parts.length > 2 ? parts.slice(2) : parts;
  const resource = subresource === undefined ? base : `${base}/${subresource}`;
  return { verb: name === undefined ? 'list' : 'get', apiGroup, resource, nonResourceUrl: '', namespace };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const keyOf = (right: Pick<NeededRight, 'verb' | 'apiGroup' | 'resource' | 'nonResourceUrl'>): string =>
  `${right.verb} ${right.nonResourceUrl} ${right.apiGroup}/${right.resource}`;

function isFor(permission: Permission, used: Attributes): boolean {
  if (used.nonResourceUrl !== '') return permission.nonResourceUrl === used.nonResourceUrl;
  const named = permission.apiGroup === used.apiGroup && permission.resource === used.resource;
  return permission.nonResourceUrl === undefined && named;
}

type PlanningCollector = Pick<Collector, 'permissions' | 'needsNodeAccess'>;

/**
 * What a plan needs to be allowed, resource by resource: a wildcard in what a collector declares is replaced by the resources that it
 * really planned, because who may list each of them may go without the wildcard.
 */
export class NeededRights {
  readonly #rights = new Map<string, NeededRight>();

  /** The right to read one planned artifact. What a script reads on a node is no path of the API. */
  plan(collector: PlanningCollector, { source }: Pick<PlannedArtifact, 'source'>): void {
    if (collector.needsNodeAccess === true) return;
    const used = attributesOf(source);
    const declared = collector.permissions.find((permission) => isFor(permission, used));
    const wildcard = collector.permissions.find(({ resource }) => resource === '*');
    // The path of a self-review reads as a list; what is declared knows better.
    const verb = declared?.verbs.find((one) => one === used.verb) ?? declared?.verbs[0] ?? used.verb;
    this.#add({ ...used, verb }, { why: (declared ?? wildcard)?.why ?? '', namespace: used.namespace });
  }

  /** What the collector declares and no planned artifact shows: what it reads beside them. */
  declare({ permissions }: Pick<Collector, 'permissions'>, wholeCluster: boolean): void {
    for (const permission of permissions) {
      const { apiGroup, resource, nonResourceUrl = '', why } = permission;
      if (resource === '*' || (permission.onlyWholeCluster === true && !wholeCluster)) continue;
      for (const verb of permission.verbs) {
        const right = { verb, apiGroup, resource, nonResourceUrl };
        if (this.#rights.has(keyOf(right))) continue;
        for (const namespace of this.#beside(right)) this.#add(right, { why, namespace });
      }
    }
  }

  /** In the order in which they were first needed. */
  all(): readonly NeededRight[] {
    return [...this.#rights.values()];
  }

  /** A pod is read where its log is read. */
  #beside({ apiGroup, resource }: Pick<NeededRight, 'apiGroup' | 'resource'>): readonly string[] {
    const beside = this.all().find((one) => one.apiGroup === apiGroup && one.resource.startsWith(`${resource}/`));
    return beside === undefined || resource === '' ? [''] : [...beside.namespaces];
  }

  #add(right: Omit<NeededRight, 'why' | 'namespaces'>, where: { why: string; namespace: string }): void {
    const { verb, apiGroup, resource, nonResourceUrl } = right;
    const key = keyOf(right);
    const known = this.#rights.get(key) ?? {
      ...{ verb, apiGroup, resource, nonResourceUrl, why: where.why },
      namespaces: new Set<string>(),
    };
    known.namespaces.add(where.namespace);
    this.#rights.set(key, known);
  }
}
