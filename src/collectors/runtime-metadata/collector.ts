import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult } from '../../ports/collector.js';
import { nodePartSchema } from '../node-part.js';
import { planParts, readerOf, type PartReaders } from '../part-readers.js';
import { UNKNOWN_ARTIFACT } from '../unknown-artifact.js';
import { readContainers } from './read-containers.js';
import { readDocker } from './read-docker.js';
import { readImages } from './read-images.js';

const ID = 'runtime-metadata';

const DOC = `
What the container runtimes of each node keep on its disk, by a way that was asked for with \`--node-access\`, or from a disk, in
\`data/nodes/<node>/runtime-metadata/\`:

- **containers**: containerd's databases (\`meta.db\`, \`metadata.db\` of each snapshotter), copied whole without its lock, for containerd
  itself, k3s, RKE2, MicroK8s and k0s; the files of Docker (overlay2) and of CRI-O and podman (containers/storage); the task folders of
  running containers with their OCI specification and state. \`containers.jsonl\`: one line per container, **running, stopped, or deleted
  and still in freed pages of the database** (\`carved\`), with pod, image, labels, how it was to run, and the folders of its layers.
- **images**: manifests and configurations of the content store, and \`images.jsonl\`: every image and blob that the database names.
- **docker**: where Docker's daemon runs, what it answers on its own socket to GET alone: version, settings, images, containers, what changed
  in each, and two samples of those that run, as it said it. \`docker.jsonl\`: one line per container, with the share of a processor
  between the samples and whether Docker's files know it, too. Needs \`curl\` on the far side. A daemon that does not run is not asked.

**Views that disagree** stand in \`container-views.jsonl\`. Compared are the API's pods of the node, the runtime's store, its task
folders, the control groups and the processes. API, groups and processes are looked at before and after the rest: a container that one
view shows both times and another neither time is a \`ghost\`; seen once, it is a \`race\`.

A database that changed while it was copied is copied again, three times at most; a copy that is torn all the same is \`partial\`, reason
\`torn-copy\`, and what of it can be read is read. Containers that were deleted longer ago than the database's next few changes are gone.
The raw files hold environment variables: they are marked secret; the derived lines name variables without their values.
`;

const PARTS: PartReaders = {
  containers: { source: '/var/lib/containerd, /var/lib/docker, /var/lib/containers, /run', read: readContainers },
  images: { source: 'io.containerd.content.v1.content', read: readImages },
  docker: { source: '/run/docker.sock', read: readDocker },
};

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const part = nodePartSchema.parse(planned.data);
  const found = readerOf(PARTS, part.part);
  if (found === undefined) return UNKNOWN_ARTIFACT;
  const access = await context.nodeAccess(part.node);
  return await found.read({ planned, part, collector: ID, access, context });
}

export const collector: Collector = {
  id: ID,
  title: 'What container runtimes know',
  doc: DOC.trim(),
  volatility: 'V3',
  tags: ['node', 'containers', 'runtime'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [{ apiGroup: '', resource: 'pods', verbs: ['list'], why: 'Compared with the containers on the node.' }],
  plan: (context) => planParts(ID, PARTS, context),
  collect,
};
