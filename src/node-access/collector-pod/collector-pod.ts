import type { CollectorPodSettings } from '../../model/collector-pod-settings.js';
import type { NodeTarget } from '../../model/target.js';
import type { Ids } from '../../ports/clock.js';
import type { ClusterExec } from '../../ports/cluster-exec.js';
import type { NodeAccess, NodeAccessRung, NodeFacts } from '../../ports/node-access.js';
import { probeNode } from '../probe-node.js';
import { refuseOtherMachine } from '../refuse-other-machine.js';
import { runFarScript, type FarSide } from '../run-far-script.js';
import { ShellAccess } from '../shell-access.js';
import type { PodCluster } from './cluster-calls.js';
import { CollectorNamespace } from './collector-namespace.js';
import { comparePod } from './compare-pod.js';
import { parseSettled, SETTLE, type Settled } from './host-mounts.js';
import { imageDiffers } from './image-differs.js';
import { startInPod } from './pod-exec.js';
import { collectorPodOf, HOST_ROOT } from './pod-spec.js';
import { podViewOf, type PodView } from './pod-view.js';
import { podRefused } from './refusal-reason.js';
import { removeObject } from './remove-object.js';
import { awaitRunning, changesShown, createPod, refOf, type AdmittedPod } from './start-pod.js';

const REMOVED_WITHIN_MS = 60_000;
const MAX_SHOWN = 20;

export interface CollectorPodOptions extends PodCluster {
  readonly settings: CollectorPodSettings;
  /** Random; all that the cluster learns of the case. */
  readonly caseToken: string;
  readonly exec: ClusterExec;
  readonly ids: Ids;
  readonly rateBytesPerSecond?: number | null;
}

/** The pod runs what was pinned, and nobody changed it meanwhile. Throws `NODE_ACCESS_REFUSED`. */
function assertAsSent(pod: AdmittedPod, object: unknown, { image }: CollectorPodSettings): PodView {
  const { changes } = comparePod(pod.sent, object, 'running');
  if (changes.length > 0) throw podRefused('changed-pod', changesShown(changes).join('; '));
  const view = podViewOf(object);
  const differs = imageDiffers(image, view.imageId);
  if (differs !== null) throw podRefused('image-differs', differs);
  return view;
}

async function settle(far: FarSide, signal: AbortSignal): Promise<Settled> {
  const chunks: Buffer[] = [];
  const end = await runFarScript({ ...SETTLE, signal }, far, { chunk: (bytes) => void chunks.push(bytes) });
  signal.throwIfAborted();
  if (end.end === 'timeout') throw podRefused('settle-timeout', end.endDetail ?? 'no answer in time');
  if (end.end !== 'complete') throw podRefused('no-usable-shell', end.endDetail ?? 'no answer');
  return parseSettled(Buffer.concat(chunks).toString('latin1'), HOST_ROOT);
}

function withWritable(facts: NodeFacts, { writable, mountsNotRead }: Settled): NodeFacts {
  const degraded = [...facts.degraded];
  if (writable.length > 0) {
    const some = writable.slice(0, MAX_SHOWN).join(' ');
    const detail = `the pod could write to ${String(writable.length)} mounts of the node; it does not: ${some}`;
    degraded.push({ reason: 'host-writable', detail });
  }
  if (mountsNotRead > 0) {
    const detail = `whether the pod could write to ${String(mountsNotRead)} more mounts of the node is not known`;
    degraded.push({ reason: 'host-mounts-truncated', detail });
  }
  return { ...facts, degraded };
}

class CollectorPodRung implements NodeAccessRung {
  readonly rung = 'collector-pod';
  readonly #options: CollectorPodOptions;
  readonly #namespace: CollectorNamespace;

  constructor(options: CollectorPodOptions) {
    this.#options = options;
    this.#namespace = new CollectorNamespace(options, options);
  }

  async open(node: NodeTarget, signal: AbortSignal): Promise<NodeAccess> {
    const { settings, caseToken, ids } = this.#options;
    const sent = collectorPodOf({
      settings,
      namespace: await this.#namespace.ready(signal),
      name: `exhibit-${caseToken}-${ids.token(8)}`,
      node: node.name,
      caseToken,
    });
    this.#namespace.uses(sent.metadata.name);
    const made: string[] = [];
    try {
      const pod = await createPod(this.#options, { sent, made: (uid) => void made.push(uid) }, signal);
      if (pod.changes.length > 0) throw podRefused('changed-pod', changesShown(pod.changes).join('; '));
      return await this.#use(pod, node, signal);
    } catch (error) {
      for (const uid of made) await this.#remove({ sent, uid });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#namespace.remove();
  }

  async #use(pod: AdmittedPod, node: NodeTarget, signal: AbortSignal): Promise<NodeAccess> {
    const { exec, clock, ids, rateBytesPerSecond, settings, record } = this.#options;
    const view = assertAsSent(pod, await awaitRunning(this.#options, pod, signal), settings);
    const start = startInPod({ cluster: this.#options, exec }, pod);
    const rate = rateBytesPerSecond === undefined ? {} : { rateBytesPerSecond };
    const far: FarSide = { start, root: HOST_ROOT, proc: '/proc', clock, ids, ...rate };
    const settled = await settle(far, signal);
    const { namespace, name } = pod.sent.metadata;
    const footprint = { namespace, pod: name, podUid: pod.uid, containerId: view.containerId, imageId: view.imageId };
    await record.effect({
      kind: 'collector-pod-runs',
      subject: `pods ${namespace}/${name}`,
      outcome: 'done',
      detail: 'what of the node is ours while it is looked at',
      auditIds: [],
      after: { ...footprint, ...settled },
    });
    const facts = await probeNode({ node: node.name, rung: this.rung, transport: footprint }, far, signal);
    // A kubelet in a container has a machine id of its own; there is but one kernel.
    if ((node.bootId ?? '') !== '' && facts.self?.bootId !== null)
      refuseOtherMachine({ ...node, machineId: '' }, facts);
    return new ShellAccess(withWritable(facts, settled), far, async () => {
      await this.#remove(pod);
    });
  }

  async #remove({ sent, uid }: AdmittedPod): Promise<void> {
    const isGone = await removeObject(this.#options, {
      ref: refOf(sent),
      uid,
      gracePeriodSeconds: 1,
      withinMs: REMOVED_WITHIN_MS,
    });
    if (!isGone) this.#namespace.keepsPod();
  }
}

/**
 * A pod of our own image on the node: it sees the node's processes, and its files read-only below `/host`. Made on record, compared with
 * what was sent before a byte is read, removed afterwards, the removal read back. Refusals: `forbidden`, `pod-security`, `quota`,
 * `limit-range`, `admission`, `changed-pod`, `image-missing`, `image-differs`, `node-not-ready`, `kubelet-refused`, and others.
 */
export function collectorPodRung(options: CollectorPodOptions): NodeAccessRung {
  return new CollectorPodRung(options);
}
