import { safeSegment } from '../../lib/safe-path.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { ContainerTarget, NodeTarget, PodTarget } from '../../model/target.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { containerNames } from '../container-names.js';
import { distinctSegments, keyPart } from '../segments.js';
import { diffContainer, diffStoredContainers } from './diff-container.js';
import {
  plannedDiffSchema,
  plannedNodeSchema,
  type DiffLimits,
  type PlannedDiff,
  type PlannedNode,
} from './planned-diff.js';

const ID = 'container-diff';

const LIMITS: DiffLimits = {
  maxUpperBytes: 4 * 1024 * 1024 * 1024,
  maxVolumeBytes: 256 * 1024 * 1024,
  maxEntries: 200_000,
};

const DOC = `
What changed in each container in scope since its image, read on its node (\`--node-access\`): the writable layer of its overlay,
found by the mounts of its first process and compared with those that its runtime made. Where nothing of it runs, or on a disk
(\`--disk\`), the runtime's own store says where the layers are; so it does of earlier starts of the same container. Without a cluster
the stores say which containers there are, and of deleted ones what was not overwritten yet.

In \`data/pods/<namespace>/<pod>.<uid8>/<container>/diff/\`: \`mounts.txt\` (mount tables), \`upper.tar\` (the whole writable layer as a pax
archive with numeric owners, all attributes, holes as holes, whiteouts as found), \`listing-before.bin\` and \`listing-after.bin\` (every
entry before and after the content was read: NUL after each of 15 fields, see docs/container-diff.md). In
\`data/derived/container-diff/.../entries.jsonl\` one line for each entry: what happened to it (added, content-modified, metadata-only,
copied-up-unchanged, deleted, opaque-replaced, type-changed, renamed, metacopy), its hash, and the entry of the image that it replaces
with its hash; \`source.jsonl\` says which folders by whose word; \`layer.tar\` is the layer in the form of image layers. The same paths
are hashed in the layers below. \`packages.tar\` has the files in which dpkg, apk and rpm of the image say which package has which file,
once for all containers of the same layers on a node; \`exhibit diff\` compares with them.

Outside the layers: content of emptyDir, \`/dev/shm\` and writable tmpfs, names in volumes of the host, claims, secrets and config maps
(listings, links recorded as links), in \`.../diff/v<n>/\`. No link is ever followed. At most 4 GiB of a layer and 256 MiB of a volume:
the largest files stay out and are named.

Cannot see: volumes in memory of containers that do not run, roots that are no overlay (native, btrfs, zfs, devmapper), containers with a kernel of their
own (gVisor, Kata). Each is said by the artifact's outcome. Without \`sys_admin\` the filesystem's own notes are not readable and the
diff is \`partial\`, reason \`degraded\`. Vantage \`live-kernel\`: what the node's kernel says, which may be hostile.
`;

interface PlannedFor {
  readonly node: NodeTarget | undefined;
  readonly nodeSegment: string;
}

function plannedDiff(pod: PodTarget, container: ContainerTarget, { node, nodeSegment }: PlannedFor): PlannedArtifact {
  const { namespace, name, uid } = pod;
  const { key, folder, derivedFolder } = containerNames(pod, container);
  const data: PlannedDiff = {
    namespace,
    pod: name,
    uid,
    node: pod.node,
    nodeUid: node?.uid ?? '',
    machineId: node?.machineId ?? '',
    container: container.name,
    containerId: container.containerId,
    imageId: container.imageId ?? null,
    state: container.state,
    hasPrevious: container.hasPrevious,
    nodeSegment,
    folder: `data/pods/${folder}`,
    derivedFolder,
  };
  return {
    artifact: `${ID}/${key}`,
    // What does not run any more may have been cleared away.
    required: container.state === 'running',
    source: `${pod.node}:${container.containerId ?? container.name}`.replace(/[^\x20-\x7e]/g, '?'),
    node: pod.node,
    data,
  };
}

async function* plan({ targets }: PlanContext): AsyncGenerator<PlannedArtifact> {
  const nodes = new Map(targets.nodes.map((node) => [node.name, node]));
  const segments = distinctSegments([...nodes.keys()]);
  let hasPods = false;
  for await (const pod of targets.pods()) {
    hasPods = true;
    if (pod.node === '') continue;
    const where = { node: nodes.get(pod.node), nodeSegment: segments.get(pod.node) ?? safeSegment(pod.node) };
    for (const container of pod.containers) yield plannedDiff(pod, container, where);
  }
  // No cluster is asked: the stores of the node or disk name its containers.
  if (hasPods || targets.namespaces.length > 0) return;
  for (const { name: node, uid, machineId } of targets.nodes) {
    const data: PlannedNode = { node, nodeUid: uid, machineId, nodeSegment: segments.get(node) ?? '_' };
    yield {
      artifact: `${ID}/${keyPart(node)}`,
      required: true,
      source: node.replace(/[^\x20-\x7e]/g, '?'),
      node,
      data,
    };
  }
}

/** The collector with these limits. */
export function containerDiff(limits: DiffLimits): Collector {
  return {
    id: ID,
    title: 'What changed inside containers',
    doc: DOC.trim(),
    volatility: 'V4',
    tags: ['node', 'pod', 'files'],
    needsKubelet: false,
    needsNodeAccess: true,
    needs: ['nodes', 'pods'],
    permissions: [],
    plan,
    collect: async ({ artifact, data }: PlannedArtifact, context: CollectContext): Promise<CollectResult> => {
      const asked = { artifact, collector: ID, limits };
      const node = plannedNodeSchema.safeParse(data);
      return node.success
        ? await diffStoredContainers(node.data, asked, context)
        : await diffContainer(plannedDiffSchema.parse(data), asked, context);
    },
  };
}

export const collector = containerDiff(LIMITS);
