import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { nodePartSchema, planNodeParts } from '../node-part.js';
import { readExecutables } from './read-executables.js';

const ID = 'executables';

const DOC = `
Every executable, library and kernel module on the node's own disk, by a way that was asked for with \`--node-access\`, or from a disk:
regular files with an execute bit, \`*.so\`, \`*.ko\`, in the folders where programs live and where anybody may write. Each with size, mode,
owner, times, whether it begins as an ELF file or a script (with its first line), and SHA-256: \`data/nodes/<node>/executables/listing.nul\` as
the node's tools printed it, \`data/derived/nodes/<node>/disk-executables.jsonl\` as one line per file.

\`exhibit diff A B\` compares two of them: two disks, two moments, or a disk with its live node. What the disk has and the live node does not
show is a finding. Links are not followed, mounts below these folders are not entered, images and layers of containers are not in them. At
most 300,000 files; a file above 1 GiB is listed and not hashed. Reading changes access times where the filesystem keeps them.
`;

const PARTS = [{ part: 'files', source: '/usr, /bin, /sbin, /lib*, /opt, /etc, /home, /tmp, ...' }];

async function* plan(context: PlanContext): AsyncGenerator<PlannedArtifact> {
  yield* planNodeParts(ID, PARTS, context);
  await Promise.resolve();
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const part = nodePartSchema.parse(planned.data);
  const access = await context.nodeAccess(part.node);
  return await readExecutables({ planned, part, collector: ID, access, context });
}

export const collector: Collector = {
  id: ID,
  title: 'Executables of the nodes',
  doc: DOC.trim(),
  volatility: 'V4',
  tags: ['node', 'files'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan,
  collect,
};
