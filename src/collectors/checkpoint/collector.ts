import type { PlannedArtifact } from '../../model/artifact.js';
import type { ContainerTarget, NodeTarget, PodTarget } from '../../model/target.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { containerNames } from '../container-names.js';
import { keyPart } from '../segments.js';
import { plannedCheckpointSchema, type PlannedCheckpoint } from './planned-checkpoint.js';
import { takeCheckpoint } from './take-checkpoint.js';

const ID = 'checkpoint';

const DOC = `
Only with \`--checkpoint NAMESPACE/POD[/CONTAINER]\`, and never by a profile alone: the kubelet is asked, through the API server's proxy, to
write the whole state of a running container to the node's disk. **That is all memory of its processes, with every secret in it.** The
container is frozen for a moment, and a file appears on the node. It is fetched by the way to the node (\`--node-access\`), hashed at both ends,
to \`data/pods/<namespace>/<pod>.<uid>/<container>/checkpoint/checkpoint.tar\` (secret), and taken away from the node again where that way
may write; the custody log has both changes before they are made. The collector pod and an unprivileged user may not: then the
file is named in the outcome and in the log as \`left-behind\`, and must be removed by hand. It also stays, and is named, when it could not be
fetched whole. \`exhibit seal\` refuses an exhibit with such a file unless it is encrypted.

\`data/derived/checkpoint/.../members.jsonl\` lists what is in the archive, which is never unpacked; \`deletions.jsonl\` what the container has
deleted, from \`deleted.files\` (CRI-O, podman) and from the whiteouts in \`rootfs-diff.tar\` (containerd, where that is gzip), whichever there is.

Only a path directly in \`/var/lib/kubelet/checkpoints/\` that is named after this container is read: a kubelet with another root folder is
refused (\`unexpected-path\`). Needs the kubelet's feature ContainerCheckpoint, CRIU on the node, a runtime with support for it, and \`create\` on \`nodes/proxy\`,
which also gives exec on every pod of the node: no role of ours grants it. The runtime writes what the container changed with the holes
of its files: a sparse file of a terabyte fills the node's disk (podman 4.3; look at the container's diff first). Containers of one pod are frozen one after another, not together.
`;

function isAsked(asked: string, pod: PodTarget, container: ContainerTarget): boolean {
  const name = `${pod.namespace}/${pod.name}`;
  return asked === name || asked === `${name}/${container.name}`;
}

function planned(pod: PodTarget, container: ContainerTarget, node: NodeTarget | undefined): PlannedArtifact {
  const { namespace, name, uid } = pod;
  const { key, folder, derivedFolder } = containerNames(pod, container);
  const data: PlannedCheckpoint = {
    namespace,
    pod: name,
    uid,
    node: pod.node,
    nodeUid: node?.uid ?? '',
    machineId: node?.machineId ?? '',
    container: container.name,
    containerId: container.containerId,
    state: container.state,
    folder,
    derivedFolder,
  };
  return {
    artifact: `${ID}/${key}`,
    required: true,
    source: `checkpoint of ${namespace}/${name}/${container.name} by the kubelet of ${pod.node}`.replace(
      /[^\x20-\x7e]/g,
      '?',
    ),
    node: pod.node,
    data,
  };
}

async function* plan({ targets, limits }: PlanContext): AsyncGenerator<PlannedArtifact> {
  const asked = limits.checkpoints ?? [];
  if (asked.length === 0) return;
  const nodes = new Map(targets.nodes.map((node) => [node.name, node]));
  const met = new Set<string>();
  for await (const pod of targets.pods()) {
    for (const container of pod.containers) {
      const matching = asked.filter((one) => isAsked(one, pod, container));
      for (const one of matching) met.add(one);
      if (matching.length > 0) yield planned(pod, container, nodes.get(pod.node));
    }
  }
  // What was asked for by name and is not among the targets must not vanish without a word.
  for (const one of asked.filter((name) => !met.has(name)))
    yield {
      artifact: `${ID}/${one.split('/').map(keyPart).join('/')}`,
      required: true,
      source: `checkpoint of ${one}`,
    };
}

const skipped = (reason: string, detail: string): CollectResult => ({ outcome: 'skipped', reason, detail, proof: {} });

async function collect(artifact: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const parsed = plannedCheckpointSchema.safeParse(artifact.data);
  if (!parsed.success) return skipped('not-in-scope', 'No such container is among the targets of this collection.');
  const target = parsed.data;
  if (target.node === '' || target.state !== 'running')
    return skipped('not-running', 'Only a container that runs has memory.');
  const { changes } = context;
  if (changes === undefined) return skipped('no-cluster', 'There is no cluster to ask for it.');
  // First the way by which the file comes: without one it would only be left on the node.
  const access = await context.nodeAccess(target.node);
  if (access.facts.vantage !== 'live-kernel') return skipped('not-live', 'A disk has no memory.');
  return await takeCheckpoint({ collector: ID, planned: artifact, target, access, changes, context });
}

export const collector: Collector = {
  id: ID,
  title: 'Checkpoints of containers, with their memory',
  doc: DOC.trim(),
  volatility: 'V2',
  tags: ['node', 'pod', 'memory', 'opt-in'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes', 'pods'],
  permissions: [],
  plan,
  collect,
};
