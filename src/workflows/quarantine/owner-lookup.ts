import { stringAt, valueAt } from '../../lib/untyped.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { pathOf, readObject } from './read-cluster.js';
import { controllerOf, type OwnerReference } from './suspect-selector.js';

interface Owners {
  readonly owner: OwnerReference | null;
  /** The controller of the controller: a Deployment, a CronJob. */
  readonly behind: OwnerReference | null;
  /** Label selector by which the controller finds its pods; `undefined` = not known, or it has none. */
  readonly selector: unknown;
}

const NONE: Owners = { owner: null, behind: null, selector: undefined };

/** Built-in controllers of pods. What another one goes by cannot be known. */
const RESOURCES: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  'apps/v1 ReplicaSet': ['apps', 'replicasets'],
  'apps/v1 StatefulSet': ['apps', 'statefulsets'],
  'apps/v1 DaemonSet': ['apps', 'daemonsets'],
  'batch/v1 Job': ['batch', 'jobs'],
  'v1 ReplicationController': ['', 'replicationcontrollers'],
};

function selectorOf(kind: string, controller: unknown): unknown {
  const selector = valueAt(controller, 'spec', 'selector');
  return kind === 'ReplicationController' && selector !== undefined ? { matchLabels: selector } : selector;
}

/** Controllers of pods, each read once. One that is gone, or another of that name, finds nothing any more. */
export class OwnerLookup {
  readonly #cluster: Pick<ClusterReader, 'get' | 'list'>;
  readonly #known = new Map<string, Owners>();

  constructor(cluster: Pick<ClusterReader, 'get' | 'list'>) {
    this.#cluster = cluster;
  }

  async of(pod: unknown): Promise<Owners> {
    const owner = controllerOf(pod);
    if (owner === null) return NONE;
    const known = this.#known.get(owner.uid) ?? (await this.#read(owner, stringAt(pod, 'metadata', 'namespace') ?? ''));
    this.#known.set(owner.uid, known);
    return known;
  }

  async #read(owner: OwnerReference, namespace: string): Promise<Owners> {
    const place = RESOURCES[`${owner.apiVersion} ${owner.kind}`];
    if (place === undefined) return { ...NONE, owner };
    const [group, resource] = place;
    const path = pathOf(group, 'namespaces', namespace, resource, owner.name);
    const controller = await readObject(this.#cluster, path, resource);
    if (stringAt(controller, 'metadata', 'uid') !== owner.uid) return { ...NONE, owner };
    return { owner, behind: controllerOf(controller), selector: selectorOf(owner.kind, controller) };
  }
}
