import { stringAt, valueAt } from '../../lib/untyped.js';
import type { SuspectKind } from '../../model/action.js';
import { ExhibitError } from '../../model/errors.js';
import { keysOf, labelsOf, selects } from '../../plan/network/label-selector.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { readClusterUid } from '../targets/freeze-targets.js';
import { OwnerLookup } from './owner-lookup.js';
import { suspectKindOf } from './owner-effects.js';
import { type PolicyApi, readPolicyApis } from './policy-apis.js';
import type { QuarantineRequest } from './quarantine-request.js';
import { pathOf, readList, readNamed, readObject } from './read-cluster.js';
import { assertName, assertNamespace, assertUid } from './server-names.js';
import { isSuspect, type OwnerReference, type SuspectSelector } from './suspect-selector.js';

export interface SceneNode {
  readonly name: string;
  readonly uid: string;
  readonly object: unknown;
}

/** A pod that is to be contained, with what finds it by its labels. */
export interface Suspect {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly object: unknown;
  readonly kind: SuspectKind;
  readonly owner: OwnerReference | null;
  readonly ownerSelector: unknown;
  /** Names of the Services that send traffic to it, the first of them. */
  readonly services: readonly string[];
  readonly moreServices: number;
  /** Labels that it has and by which its controller or a Service finds it. */
  readonly selectorKeys: readonly string[];
}

/** Everything that a plan is made of, read once. */
export interface Scene {
  /** `null` = it may not be read. */
  readonly clusterUid: string | null;
  /** Those that are named, or on which suspects run. */
  readonly nodes: readonly SceneNode[];
  readonly suspects: readonly Suspect[];
  /** NetworkPolicies by namespace of the suspects. */
  readonly policies: ReadonlyMap<string, readonly unknown[]>;
  /** Of network plugins; left out = none is served. */
  readonly policyApis?: readonly PolicyApi[];
  /** Of which it is not known whether they are served; left out = none. */
  readonly unknownPolicyApis?: readonly string[];
}

/** Names of Services that a plan keeps of each suspect: anybody who may make Services decides how many there are. */
const MAX_SERVICES = 20;

type Reader = Pick<ClusterReader, 'get' | 'list'>;

export interface SceneDeps {
  readonly cluster: ClusterReader;
  readonly signal: AbortSignal;
  /** A suspect that is gone is left out, as befits one of a plan that is gone on with. */
  readonly mayMiss: boolean;
  /** Only pods with these UIDs are suspects, whatever bears their names; left out = any that is chosen. */
  readonly uids?: ReadonlySet<string>;
}

function uidOf(object: unknown): string {
  return stringAt(object, 'metadata', 'uid') ?? '';
}

async function readNode(cluster: Reader, name: string): Promise<SceneNode> {
  const what = `node ${name}`;
  assertName(name, what);
  const object = await readNamed(cluster, pathOf('', 'nodes', name), what);
  assertUid(uidOf(object), what);
  return { name, uid: uidOf(object), object };
}

async function podsOf(cluster: Reader, request: QuarantineRequest): Promise<readonly unknown[]> {
  const path = '/api/v1/pods';
  if (request.target === 'pod') return await readList(cluster, { path, what: 'pods' });
  const pods: unknown[] = [];
  for (const node of request.names)
    pods.push(...(await readList(cluster, { path, field: `spec.nodeName=${node}`, what: 'pods' })));
  return pods;
}

/** A selector that fits nothing is a slip of whoever wrote it, and no pod is then contained that should have been. */
async function chosen(
  request: QuarantineRequest,
  owners: OwnerLookup,
  { cluster, mayMiss }: SceneDeps,
): Promise<readonly unknown[]> {
  if (request.suspects.length === 0) return [];
  const byName = request.target === 'pod' && request.suspects.every(({ by }) => by === 'name');
  const pods = byName ? await namedPods(request.suspects, { cluster, mayMiss }) : await podsOf(cluster, request);
  const found = new Map<string, unknown>();
  for (const selector of request.suspects) {
    let fits = 0;
    for (const pod of pods) {
      const needsOwner = selector.by === 'owner' && stringAt(pod, 'metadata', 'namespace') === selector.namespace;
      const behind = needsOwner ? (await owners.of(pod)).behind : null;
      if (!isSuspect(pod, selector, behind)) continue;
      fits += 1;
      found.set(uidOf(pod), pod);
    }
    if (fits === 0 && !mayMiss) throw noSuchPod(selector, request);
  }
  return [...found.values()];
}

async function namedPods(
  selectors: readonly SuspectSelector[],
  { cluster, mayMiss }: Pick<SceneDeps, 'cluster' | 'mayMiss'>,
): Promise<readonly unknown[]> {
  const pods: unknown[] = [];
  const read = mayMiss ? readObject : readNamed;
  for (const selector of selectors) {
    if (selector.by !== 'name') continue;
    const { namespace, name } = selector;
    const pod = await read(cluster, pathOf('', 'namespaces', namespace, 'pods', name), `pod ${namespace}/${name}`);
    if (pod !== undefined) pods.push(pod);
  }
  return pods;
}

function noSuchPod(selector: SuspectSelector, { target, names }: QuarantineRequest): ExhibitError {
  const where = target === 'node' ? `on node ${names.join(', ')}` : 'in the cluster';
  const { by, ...rest } = selector;
  const which = `${by} ${Object.values(rest).join('/')}`;
  return new ExhibitError('TARGET_GONE', `no pod ${where} is a suspect by ${which}`, {
    subject: which,
    hints: ['kubectl get pods --all-namespaces --output wide --show-labels'],
    safe: 'Nothing was changed.',
  });
}

/** Lists of a namespace, each read once. */
class NamespaceLists {
  readonly #cluster: Reader;
  readonly #lists = new Map<string, readonly unknown[]>();

  constructor(cluster: Reader) {
    this.#cluster = cluster;
  }

  async of(group: string, namespace: string, resource: string): Promise<readonly unknown[]> {
    const path = pathOf(group, 'namespaces', namespace, resource);
    const known = this.#lists.get(path) ?? (await readList(this.#cluster, { path, what: resource }));
    this.#lists.set(path, known);
    return known;
  }
}

function selectorOf(service: unknown): Readonly<Record<string, unknown>> {
  return { matchLabels: valueAt(service, 'spec', 'selector') ?? {} };
}

async function suspectOf(pod: unknown, owners: OwnerLookup, lists: NamespaceLists): Promise<Suspect> {
  const at = (...path: string[]): string => stringAt(pod, ...path) ?? '';
  const namespace = at('metadata', 'namespace');
  const what = `pod ${namespace}/${at('metadata', 'name')}`;
  assertNamespace(namespace, what);
  assertName(at('metadata', 'name'), what);
  assertUid(uidOf(pod), what);
  const { owner, behind, selector } = await owners.of(pod);
  const labels = labelsOf(pod);
  const services = (await lists.of('', namespace, 'services')).filter(
    (service) => keysOf(selectorOf(service)).length > 0 && selects(selectorOf(service), labels),
  );
  const keys = new Set([...keysOf(selector), ...services.flatMap((service) => keysOf(selectorOf(service)))]);
  const names = services.map((service) => stringAt(service, 'metadata', 'name') ?? '').sort();
  return {
    namespace,
    name: at('metadata', 'name'),
    uid: uidOf(pod),
    node: at('spec', 'nodeName'),
    object: pod,
    kind: suspectKindOf(pod, owner, behind),
    owner,
    ownerSelector: selector,
    services: names.slice(0, MAX_SERVICES),
    moreServices: Math.max(0, names.length - MAX_SERVICES),
    selectorKeys: [...keys].filter((key) => Object.hasOwn(labels, key)).sort(),
  };
}

/** Throws `TARGET_GONE`, `CLUSTER_FORBIDDEN`, `CLUSTER_PROTOCOL` and as the port. */
export async function readScene(request: QuarantineRequest, deps: SceneDeps): Promise<Scene> {
  const { cluster, signal } = deps;
  const clusterUid = await readClusterUid(cluster, signal);
  const owners = new OwnerLookup(cluster);
  const lists = new NamespaceLists(cluster);
  const nodes = new Map<string, SceneNode>();
  if (request.target === 'node') for (const name of request.names) nodes.set(name, await readNode(cluster, name));
  const suspects: Suspect[] = [];
  for (const pod of await chosen(request, owners, deps))
    if (deps.uids?.has(uidOf(pod)) ?? true) suspects.push(await suspectOf(pod, owners, lists));
  const policies = new Map<string, readonly unknown[]>();
  for (const { namespace, node } of suspects) {
    policies.set(namespace, await lists.of('networking.k8s.io', namespace, 'networkpolicies'));
    if (node !== '' && !nodes.has(node)) nodes.set(node, await readNode(cluster, node));
  }
  const { served, unknown } = suspects.length === 0 ? { served: [], unknown: [] } : await readPolicyApis(cluster);
  const plugins = { policyApis: served, unknownPolicyApis: unknown };
  return { clusterUid, nodes: [...nodes.values()], suspects, policies, ...plugins };
}

/** The pods that are chosen now, as the server has them; none is an answer, too. Throws as `readScene`. */
export async function matchingPods(
  request: QuarantineRequest,
  { cluster, signal }: Pick<SceneDeps, 'cluster' | 'signal'>,
): Promise<readonly unknown[]> {
  return await chosen(request, new OwnerLookup(cluster), { cluster, signal, mayMiss: true });
}
