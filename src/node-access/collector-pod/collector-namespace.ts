import { stringAt } from '../../lib/untyped.js';
import {
  CASE_LABEL,
  type CollectorPodSettings,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../../model/collector-pod-settings.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import { NAMESPACES, poll, readObject, type PodCluster } from './cluster-calls.js';
import { createObject } from './create-object.js';
import { podRefused } from './refusal-reason.js';
import { removeObject } from './remove-object.js';

const ENDS_WITHIN_MS = 20_000;
const REMOVED_WITHIN_MS = 60_000;

export interface NamespaceOrder {
  readonly settings: Pick<CollectorPodSettings, 'namespace'>;
  readonly caseToken: string;
}

/** Only what may be read says whether it is there; a namespace that may not be read is taken as it is. */
async function isThere(actuator: ClusterActuator, name: string, signal: AbortSignal): Promise<boolean> {
  const answer = await actuator.get({ ...NAMESPACES, name }, { signal });
  if (answer.outcome === 'done') return stringAt(answer.object, 'metadata', 'deletionTimestamp') === undefined;
  return answer.outcome === 'refused' && answer.refusal.kind !== 'not-found';
}

function namespaceOf(name: string, caseToken: string) {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [CASE_LABEL]: caseToken,
        'pod-security.kubernetes.io/enforce': 'privileged',
        'pod-security.kubernetes.io/audit': 'privileged',
        'pod-security.kubernetes.io/warn': 'privileged',
      },
    },
  };
}

/**
 * Where collector pods run: the namespace of the settings when the cluster has it, else one of our own for this case, in which
 * PodSecurity admits them; it goes when we go.
 */
export class CollectorNamespace {
  readonly #cluster: PodCluster;
  readonly #order: NamespaceOrder;
  #ready: Promise<string> | null = null;
  #made: { readonly name: string; readonly uid: string } | null = null;

  constructor(cluster: PodCluster, order: NamespaceOrder) {
    this.#cluster = cluster;
    this.#order = order;
  }

  /** Its name, once it is there. Throws `NODE_ACCESS_REFUSED`; a later call tries again. */
  async ready(signal: AbortSignal): Promise<string> {
    this.#ready ??= this.#find(signal);
    try {
      return await this.#ready;
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  /** Removes what `ready` made. Never throws. */
  async remove(): Promise<void> {
    const made = this.#made;
    this.#made = null;
    this.#ready = null;
    if (made === null) return;
    await removeObject(this.#cluster, {
      ref: { ...NAMESPACES, name: made.name },
      uid: made.uid,
      withinMs: REMOVED_WITHIN_MS,
    });
  }

  async #find(signal: AbortSignal): Promise<string> {
    const { settings, caseToken } = this.#order;
    if (await isThere(this.#cluster.actuator, settings.namespace, signal)) return settings.namespace;
    const name = `${settings.namespace.slice(0, 38)}-${caseToken}`;
    const gone = await poll(this.#cluster, { forMs: () => ENDS_WITHIN_MS, signal }, async () => {
      const object = await readObject(this.#cluster, { ...NAMESPACES, name }, signal);
      if (object === null) return 'gone' as const;
      if (stringAt(object, 'metadata', 'deletionTimestamp') !== undefined) return null;
      if (stringAt(object, 'metadata', 'labels', CASE_LABEL) !== caseToken) {
        throw podRefused('namespace-foreign', `namespace ${name} is there and does not bear the label of this case`);
      }
      // An earlier run of the case left it: it is ours to remove, too.
      this.#made = { name, uid: stringAt(object, 'metadata', 'uid') ?? '' };
      return 'there' as const;
    });
    if (gone === null) throw podRefused('namespace-ending', `namespace ${name} does not come to its end`);
    if (gone === 'gone') await this.#make(name, signal);
    return name;
  }

  async #make(name: string, signal: AbortSignal): Promise<void> {
    const object = namespaceOf(name, this.#order.caseToken);
    await createObject(this.#cluster, {
      kind: 'create-namespace',
      ref: { ...NAMESPACES, name },
      object,
      undo: `kubectl delete namespace ${name}`,
      send: async () => await this.#cluster.actuator.create(NAMESPACES, object, { signal }),
      made: (uid) => {
        this.#made = { name, uid };
      },
    });
  }
}
