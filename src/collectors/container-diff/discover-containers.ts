import type { ContainerLayers } from '../../lib/container-layers.js';
import { safeSegment, shortUid } from '../../lib/safe-path.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectResult } from '../../ports/collector.js';
import { concernsOneAnswer } from '../interrupted.js';
import { keyPart } from '../segments.js';
import { writeDerived } from './derived-file.js';
import type { Place } from './located-container.js';
import type { PlannedDiff, PlannedNode } from './planned-diff.js';
import { storedContainers } from './stored-containers.js';

/** Of one node; what a store claims is bounded. */
const MAX_DISCOVERED = 5000;

function foldersOf({ pod, name, id }: ContainerLayers, { nodeSegment }: PlannedNode) {
  const suffix = `.${safeSegment(id.slice(0, 12).toLowerCase())}`;
  if (pod === null)
    return {
      folder: `data/nodes/${nodeSegment}/container-diff/${safeSegment(id)}`,
      derivedFolder: `${nodeSegment}/${safeSegment(name ?? 'container', suffix)}`,
    };
  const { namespace, name: podName, uid } = pod;
  const ofPod = safeSegment(podName, `.${shortUid(uid)}`);
  return {
    folder: ['data/pods', safeSegment(namespace), ofPod, safeSegment(name ?? 'container', suffix)].join('/'),
    derivedFolder: `${safeSegment(namespace)}/${safeSegment(`${podName}.${name ?? 'container'}`, suffix)}`,
  };
}

/** The artifact of a container that a store names. Its key has the id: a pod's container has one for each start. */
function discovered(container: ContainerLayers, planned: PlannedNode, collector: string): PlannedArtifact {
  const { pod, name, id, runtime, image, imageDigest, carved } = container;
  const { node, nodeUid, machineId, nodeSegment } = planned;
  const data: PlannedDiff = {
    namespace: pod?.namespace ?? '',
    pod: pod?.name ?? '',
    uid: pod?.uid ?? '',
    node,
    nodeUid,
    machineId,
    nodeSegment,
    container: name ?? id,
    containerId: `${runtime}://${id}`,
    imageId: imageDigest ?? image,
    state: carved ? 'deleted' : 'unknown',
    hasPrevious: false,
    ...foldersOf(container, planned),
  };
  return {
    artifact: `${collector}/${keyPart(node)}/${keyPart(id)}`,
    required: !carved,
    source: `${node}:${runtime}://${id}`.replace(/[^\x20-\x7e]/g, '?'),
    node,
    data,
  };
}

/** Which containers the stores name and which of them are compared, as a payload file: the stores may be another collector's items. */
async function writeDiscovered(
  all: readonly ContainerLayers[],
  { planned, paths, compared }: { planned: PlannedNode; paths: readonly string[]; compared: ReadonlySet<unknown> },
  { artifact, collector, access, subject, context }: Place,
): Promise<void> {
  const path = `data/derived/container-diff/${planned.nodeSegment}/containers.jsonl`;
  const { vantage } = access.facts;
  const draft = { path, artifact, collector, subject, vantage, sensitivity: 'normal', derivedFrom: paths } as const;
  const lines = all.map((one) => ({
    runtime: one.runtime,
    id: escapeForTerminal(one.id, 256),
    kind: one.kind,
    carved: one.carved,
    compared: compared.has(one),
  }));
  await writeDerived(draft, lines, context);
}

/** Earlier containers of the same pod and name as a planned one, which the API does not name any more but the store has. */
export async function discoverEarlier(planned: PlannedDiff, place: Place): Promise<void> {
  const isEarlier = ({ id, pod, name, carved }: ContainerLayers): boolean =>
    !carved && planned.uid !== '' && pod?.uid === planned.uid && name === planned.container && !isOwn(id, planned);
  try {
    const { containers } = await storedContainers(planned, place, isEarlier);
    const earlier = containers.filter((one) => one.kind !== 'sandbox' && isEarlier(one)).slice(0, MAX_DISCOVERED);
    for (const one of earlier) await place.context.discover(discovered(one, planned, place.collector));
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
  }
}

const isOwn = (id: string, { containerId }: PlannedDiff): boolean => containerId?.endsWith(`://${id}`) === true;

/**
 * Plans the diff of every container that the stores of a node or disk name, pause containers left out: without a cluster nobody else
 * names them. Deleted ones are planned where the store still says where their layers are. Throws as `readRuntimeStores`.
 */
export async function discoverContainers(planned: PlannedNode, place: Place): Promise<CollectResult> {
  if (place.context.cluster.facts.server !== 'none') {
    const detail = 'The cluster names no pod on the node that is in scope.';
    return { outcome: 'absent', reason: 'no-pods', detail, proof: { pods: 0 } };
  }
  const { containers, steps, paths } = await storedContainers(planned, place, () => true);
  const wanted = containers.filter(({ kind, carved, upper }) => kind !== 'sandbox' && (!carved || upper !== null));
  const compared = new Set(wanted.slice(0, MAX_DISCOVERED));
  for (const one of compared) await place.context.discover(discovered(one, planned, place.collector));
  if (containers.length > 0) await writeDiscovered(containers, { planned, paths, compared }, place);
  const bad = steps.find(({ result }) => !['collected', 'empty', 'absent'].includes(result.outcome));
  const proof = { stores: steps.length, containers: wanted.length };
  if (bad !== undefined) {
    const detail = `${bad.step}: ${bad.result.reason} ${bad.result.detail}`.slice(0, 300);
    return { outcome: containers.length > 0 ? 'partial' : 'failed', reason: bad.result.reason, detail, proof };
  }
  if (wanted.length > MAX_DISCOVERED)
    return { outcome: 'partial', reason: 'limit', detail: 'There are more containers than are compared.', proof };
  if (containers.length > 0) return { outcome: 'collected', reason: 'complete', detail: '', proof };
  const detail = 'No store of a runtime that is known has a container.';
  return { outcome: 'absent', reason: 'no-containers', detail, proof };
}
