import { stringAt } from '../../lib/untyped.js';
import {
  CASE_LABEL,
  type CollectorPodSettings,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../../model/collector-pod-settings.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import { NAMESPACES, poll, readObject, runningPodsIn, type PodCluster } from './cluster-calls.js';
import { createObject } from './create-object.js';
import { podRefused } from './refusal-reason.js';
import { keepObject, removeObject, subjectOf } from './remove-object.js';

const ENDS_WITHIN_MS = 20_000;
const REMOVED_WITHIN_MS = 60_000;
/** It ends after its pods: while one of them stays there is nothing to wait for. */
const REMOVED_WITHIN_WITH_PODS_MS = 2000;
const MAX_SHOWN = 20;

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

/** Ours to remove: made by this run, or left by an earlier one of the case. */
interface OwnNamespace {
  readonly name: string;
  readonly uid: string;
  readonly isAdopted: boolean;
}

/**
 * Where collector pods run: the namespace of the settings when the cluster has it, else one of our own for this case, in which
 * PodSecurity admits them; it goes when we go, unless a run of a copy of the case still has pods in it.
 */
export class CollectorNamespace {
  readonly #cluster: PodCluster;
  readonly #order: NamespaceOrder;
  #ready: Promise<string> | null = null;
  readonly #pods = new Set<string>();
  #withinMs = REMOVED_WITHIN_MS;
  #made: OwnNamespace | null = null;

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

  /** A pod of this name is made in it by us. */
  uses(pod: string): void {
    this.#pods.add(pod);
  }

  /** A pod of ours in it was deleted and is still there. */
  keepsPod(): void {
    this.#withinMs = REMOVED_WITHIN_WITH_PODS_MS;
  }

  /** Removes what `ready` made or adopted, when nobody else has pods in it. Never throws. */
  async remove(): Promise<void> {
    const made = this.#made;
    this.#made = null;
    this.#ready = null;
    if (made === null) return;
    const ref = { ...NAMESPACES, name: made.name };
    const kept = await this.#whyKept(made);
    if (kept !== null) await keepObject(this.#cluster, ref, kept);
    else await removeObject(this.#cluster, { ref, uid: made.uid, withinMs: this.#withinMs });
  }

  /** Pods that another run of the case has in it would go with it; `null` = it may go. */
  async #whyKept({ name, isAdopted }: OwnNamespace): Promise<string | null> {
    try {
      const others = (await runningPodsIn(this.#cluster, name)).filter((pod) => !this.#pods.has(pod));
      if (others.length === 0) return null;
      return `it holds pods that this run did not make: ${others.slice(0, MAX_SHOWN).join(' ')}`;
    } catch (error) {
      const why = error instanceof Error ? error.message : 'an error without a message';
      return isAdopted ? `an earlier run made it, and its pods cannot be listed: ${why}` : null;
    }
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
      await this.#adopt(name, stringAt(object, 'metadata', 'uid') ?? '');
      return 'there' as const;
    });
    if (gone === null) throw podRefused('namespace-ending', `namespace ${name} does not come to its end`);
    if (gone === 'gone') await this.#make(name, signal);
    return name;
  }

  /** An earlier run of the case left it, or another one uses it now. On record before it is used. */
  async #adopt(name: string, uid: string): Promise<void> {
    const kind = 'adopt-namespace';
    const subject = subjectOf({ ...NAMESPACES, name });
    const undo = `kubectl delete namespace ${name}`;
    await this.#cluster.record.action({ kind, subject, before: { uid }, intended: null, undo, reversibility: 'exact' });
    this.#made = { name, uid, isAdopted: true };
  }

  async #make(name: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const object = namespaceOf(name, this.#order.caseToken);
    await createObject(this.#cluster, {
      kind: 'create-namespace',
      ref: { ...NAMESPACES, name },
      object,
      undo: `kubectl delete namespace ${name}`,
      send: async () => await this.#cluster.actuator.create(NAMESPACES, object),
      made: (uid) => {
        this.#made = { name, uid, isAdopted: false };
      },
    });
  }
}
