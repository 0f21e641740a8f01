import { containmentRights } from '../quarantine/containment-rights.js';
import type { NeededRight } from '../needed-rights.js';

/** For what a right is needed. */
export type Purpose = 'collect' | 'quarantine' | 'collector-pod';

/** What a doctor is asked about; `null` = the whole cluster. */
export type DoctorTarget =
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string };

/**
 * A pod is contained in its own namespace; whose pods of a node are suspects is not known yet. Nobody needs a right on what the server
 * does not serve, nor what only a flag that is seldom given uses; `groups` are the names of the API groups that it does, `null` = not known.
 */
export function neededToContain(target: DoctorTarget | null, groups: readonly string[] | null): readonly NeededRight[] {
  const namespace = target?.kind === 'pod' ? target.namespace : '';
  const isServed = (apiGroup: string): boolean => apiGroup === '' || (groups?.includes(apiGroup) ?? true);
  const rights = containmentRights().filter(({ apiGroup, onlyFor }) => onlyFor === undefined && isServed(apiGroup));
  return rights.flatMap(({ apiGroup, resource, verbs, isNamespaced, why }) =>
    verbs.map((verb) => ({
      ...{ verb, apiGroup, resource, nonResourceUrl: '', why },
      namespaces: new Set([isNamespaced ? namespace : '']),
    })),
  );
}

const OWN_NAMESPACE = [
  ['', 'pods', ['create', 'get', 'delete'], 'The collector pod: made, looked at, removed.'],
  ['', 'pods/exec', ['create', 'get'], 'Its scripts run through exec.'],
  ['', 'events', ['list'], 'Why it does not start.'],
] as const;

/** As templates/rbac/collector-pod.yaml; without the namespace, in the whole cluster, since one is made for the case. */
export function neededForCollectorPod(namespace: string, isThere: boolean): readonly NeededRight[] {
  const where = isThere ? namespace : '';
  const rights = OWN_NAMESPACE.flatMap(([apiGroup, resource, verbs, why]) =>
    verbs.map((verb) => ({ verb, apiGroup, resource, nonResourceUrl: '', why, namespaces: new Set([where]) })),
  );
  const own = ['get', ...(isThere ? [] : ['create', 'delete'])].map((verb) => ({
    ...{ verb, apiGroup: '', resource: 'namespaces', nonResourceUrl: '' },
    why: 'Where the collector pods run.',
    namespaces: new Set(['']),
  }));
  return [...own, ...rights];
}

export interface PurposefulRight {
  readonly right: NeededRight;
  readonly purposes: ReadonlySet<Purpose>;
}

/** Each right once, with all its places and purposes: a server is asked once about each. */
export function mergedByPurpose(
  needed: readonly (readonly [Purpose, readonly NeededRight[]])[],
): readonly PurposefulRight[] {
  const merged = new Map<string, { right: NeededRight; purposes: Set<Purpose> }>();
  for (const [purpose, rights] of needed)
    for (const right of rights) {
      const key = JSON.stringify([right.verb, right.apiGroup, right.resource, right.nonResourceUrl]);
      const known = merged.get(key) ?? {
        right: { ...right, namespaces: new Set<string>() },
        purposes: new Set<Purpose>(),
      };
      known.purposes.add(purpose);
      for (const namespace of right.namespaces) known.right.namespaces.add(namespace);
      merged.set(key, known);
    }
  return [...merged.values()];
}
