import { CASE_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../model/collector-pod-settings.js';
import { stringAt } from '../lib/untyped.js';
import type { ClusterReader } from '../ports/cluster-reader.js';

/** An object with the label of a case, as the cluster has it now; strings are untrusted. */
export interface OurObject {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** `null` for what has no namespace. */
  readonly namespace: string | null;
  readonly name: string;
  readonly uid: string;
  readonly caseToken: string;
  readonly createdAt: string;
  /** It was deleted and is not gone yet. */
  readonly isEnding: boolean;
  /** Of a pod; `null` for everything else. */
  readonly node: string | null;
}

/** A list that could not be read to its end: nothing is proven of it. */
export interface UnreadList {
  readonly resource: string;
  readonly reason: string;
}

export interface OurObjects {
  readonly found: readonly OurObject[];
  /** They bear the label of the case, and are not what we make: whoever may set labels can have put it there. */
  readonly foreign: readonly OurObject[];
  readonly unread: readonly UnreadList[];
}

const RBAC = 'rbac.authorization.k8s.io';
/** Everything that may bear the label of a case, roles of ours that people applied too; pods first, since a namespace ends only after them. */
const KINDS = [
  { group: '', version: 'v1', resource: 'pods', isNamespaced: true },
  { group: RBAC, version: 'v1', resource: 'rolebindings', isNamespaced: true },
  { group: RBAC, version: 'v1', resource: 'roles', isNamespaced: true },
  { group: RBAC, version: 'v1', resource: 'clusterrolebindings', isNamespaced: false },
  { group: RBAC, version: 'v1', resource: 'clusterroles', isNamespaced: false },
  { group: '', version: 'v1', resource: 'namespaces', isNamespaced: false },
] as const;
const MAX_OBJECTS = 10_000;

function ourObject(kind: (typeof KINDS)[number], object: unknown): OurObject {
  const { group, version, resource, isNamespaced } = kind;
  return {
    group,
    version,
    resource,
    namespace: isNamespaced ? (stringAt(object, 'metadata', 'namespace') ?? '') : null,
    name: stringAt(object, 'metadata', 'name') ?? '',
    uid: stringAt(object, 'metadata', 'uid') ?? '',
    caseToken: stringAt(object, 'metadata', 'labels', CASE_LABEL) ?? '',
    createdAt: stringAt(object, 'metadata', 'creationTimestamp') ?? '',
    isEnding: stringAt(object, 'metadata', 'deletionTimestamp') !== undefined,
    node: resource === 'pods' ? (stringAt(object, 'spec', 'nodeName') ?? null) : null,
  };
}

/**
 * A label alone makes nothing ours, since what is ours is deleted: of the kinds that a run makes, those that say that we manage them and
 * whose names are of our making.
 */
function isOfOurMaking({ resource, name, caseToken }: OurObject, object: unknown): boolean {
  if (stringAt(object, 'metadata', 'labels', MANAGED_BY_LABEL) !== MANAGED_BY) return false;
  if (resource === 'pods') return name.startsWith(`exhibit-${caseToken}-`);
  return resource === 'namespaces' && name.endsWith(`-${caseToken}`);
}

/** What bears the label of the case, or of any case with `null`. The server's own selection is not relied upon. */
export async function findOurs(
  cluster: Pick<ClusterReader, 'list'>,
  caseToken: string | null,
  signal: AbortSignal,
): Promise<OurObjects> {
  const labelSelector = caseToken === null ? CASE_LABEL : `${CASE_LABEL}=${caseToken}`;
  const found: OurObject[] = [];
  const foreign: OurObject[] = [];
  const unread: UnreadList[] = [];
  const take = (kind: (typeof KINDS)[number], item: unknown): void => {
    const object = ourObject(kind, item);
    if (object.caseToken === '' || object.caseToken !== (caseToken ?? object.caseToken)) return;
    if (isOfOurMaking(object, item)) found.push(object);
    else foreign.push(object);
  };
  for (const kind of KINDS) {
    const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
    const end = await cluster.list(
      { path: `${root}/${kind.resource}`, query: [['labelSelector', labelSelector]], signal },
      ({ items }) => {
        if (found.length + foreign.length + items.length > MAX_OBJECTS)
          unread.push({ resource: kind.resource, reason: 'too-many' });
        else for (const item of items) take(kind, item);
        return Promise.resolve();
      },
    );
    signal.throwIfAborted();
    if (!end.complete) unread.push({ resource: kind.resource, reason: end.reason ?? 'unknown' });
  }
  return { found, foreign, unread };
}
