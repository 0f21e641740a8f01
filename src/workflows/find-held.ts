import { arrayAt, stringAt } from '../lib/untyped.js';
import { CASE_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../model/collector-pod-settings.js';
import { policyNameOf, QUARANTINE_LABEL } from '../plan/quarantine-names.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { UnreadList } from './find-ours.js';

/** Something that a containment changed and that is still so; strings are untrusted. `exhibit release` takes it back. */
export interface HeldObject {
  /** `pods shop/cart`, `nodes worker-3` */
  readonly object: string;
  /** By which it was found: what bears our name in the cluster, or the journal of a case of this machine. */
  readonly by: 'label' | 'taint' | 'policy' | 'journal';
  readonly caseToken: string;
  /** `null` = the object does not say. */
  readonly plan: string | null;
  /** Its case was closed with it: no release of ours takes it back. */
  readonly abandoned?: boolean;
}

export interface HeldObjects {
  readonly held: readonly HeldObject[];
  readonly unread: readonly UnreadList[];
}

type Found = Pick<HeldObject, 'by' | 'caseToken' | 'plan'>;

interface Place {
  readonly path: string;
  readonly resource: string;
  /** `null` = all are looked at, since the server cannot select by it. */
  readonly selector: string | null;
  readonly find: (object: unknown) => readonly Found[];
}

const MAX_HELD = 10_000;
const labelOf = (object: unknown, key: string): string => stringAt(object, 'metadata', 'labels', key) ?? '';

/** Names of policies end with the plan. */
function planIn(name: string, caseToken: string): string | null {
  const start = policyNameOf(caseToken, '');
  return name.startsWith(start) && name.length > start.length ? name.slice(start.length) : null;
}

const PLACES: readonly Place[] = [
  {
    ...{ path: '/api/v1/nodes', resource: 'nodes', selector: null },
    find: (node) =>
      arrayAt(node, 'spec', 'taints')
        .filter((taint) => stringAt(taint, 'key') === QUARANTINE_LABEL)
        .map((taint) => ({ by: 'taint', caseToken: stringAt(taint, 'value') ?? '', plan: null })),
  },
  {
    ...{ path: '/api/v1/pods', resource: 'pods', selector: QUARANTINE_LABEL },
    find: (pod) => {
      const caseToken = labelOf(pod, QUARANTINE_LABEL);
      return caseToken === '' ? [] : [{ by: 'label', caseToken, plan: null }];
    },
  },
  {
    ...{ path: '/apis/networking.k8s.io/v1/networkpolicies', resource: 'networkpolicies', selector: CASE_LABEL },
    find: (policy) => {
      const caseToken = labelOf(policy, CASE_LABEL);
      if (caseToken === '' || labelOf(policy, MANAGED_BY_LABEL) !== MANAGED_BY) return [];
      return [{ by: 'policy', caseToken, plan: planIn(stringAt(policy, 'metadata', 'name') ?? '', caseToken) }];
    },
  },
];

function nameOf(resource: string, object: unknown): string {
  const namespace = stringAt(object, 'metadata', 'namespace');
  const name = stringAt(object, 'metadata', 'name') ?? '';
  return `${resource} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** What bears the marks of a containment of the case, or of any case with `null`. Annotations bear no mark: the journal names them. */
export async function findHeld(
  cluster: Pick<ClusterReader, 'list'>,
  caseToken: string | null,
  signal: AbortSignal,
): Promise<HeldObjects> {
  const held: HeldObject[] = [];
  const unread: UnreadList[] = [];
  for (const { path, resource, selector, find } of PLACES) {
    const query = selector === null ? [] : [['labelSelector', selector] as const];
    const seen: HeldObject[] = [];
    const end = await cluster.list({ path, query, signal }, ({ items, number }) => {
      // A list that expired was begun again.
      if (number === 1) seen.length = 0;
      for (const item of items)
        for (const found of find(item))
          if (seen.length < MAX_HELD && found.caseToken === (caseToken ?? found.caseToken))
            seen.push({ object: nameOf(resource, item), ...found });
      return Promise.resolve();
    });
    signal.throwIfAborted();
    held.push(...seen);
    if (!end.complete) unread.push({ resource: `${resource} (held)`, reason: end.reason ?? 'unknown' });
    else if (seen.length === MAX_HELD) unread.push({ resource: `${resource} (held)`, reason: 'too-many' });
  }
  return { held, unread };
}
