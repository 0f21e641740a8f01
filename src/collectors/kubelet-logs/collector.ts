import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { kubeletRight } from '../kubelet-right.js';
import { distinctSegments, keyPart } from '../segments.js';
import { logsUrl, plannedLogSchema, plannedTree, type PlannedLog } from './planned-log.js';
import { readFile } from './read-file.js';
import { readQuery } from './read-query.js';
import { walkTree } from './walk-tree.js';

const ID = 'kubelet-logs';
/** Services whose log is asked for; one that a node does not have answers so. */
const SERVICES = ['kubelet', 'containerd', 'crio'] as const;

const DOC = `
The files of each node in scope below \`/var/log\`, as the kubelet serves them at \`/logs/\` through the API server's proxy, in
\`data/nodes/<node>/logs/\`: the node's own logs and, below \`pods/\`, **the rotated files of the containers, which the log API does not
give**. Folders are walked to a depth of 8 and 10,000 files a node; the listings are kept as received in \`logs-index/\`, what was seen and
what became of it stands in \`data/derived/nodes/<node>/logs-tree.jsonl\`. A file whose path is too long for the archive goes to
\`logs/deep/\`; \`meta/items.jsonl\` holds its name. Links that the kubelet itself makes in \`containers/\` are listed, not read twice.

A file is \`collected\` when its length was announced and so many bytes came: as long as it was when it was opened, though it may grow. Where
the feature NodeLogQuery is on, the logs of kubelet and container runtime are asked for as well (\`log-query/\`); these answers have no
end mark and are never more than \`partial\`.

**The kubelet follows links as root.** Who can write to the node's \`/var/log\` can make any file of the node appear under any name here,
and can hide a folder's listing behind an \`index.html\` (\`not-a-listing\`). With \`--node-access\` the node itself is asked which names are
links: they are recorded with their target (fate \`link\` in the tree) and not asked for, but for those of Docker's own logs. Names come
from the node and are data, never paths. Needs \`get\` on \`nodes/proxy\`, hence only with \`--kubelet\`. Redirects are not followed.
`;

async function* plan({ targets }: PlanContext): AsyncGenerator<PlannedArtifact> {
  const segments = distinctSegments(targets.nodes.map(({ name }) => name));
  for (const { name: node, uid, machineId } of targets.nodes) {
    const target = { node, uid, machineId, segment: segments.get(node) ?? '_' };
    const key = `${ID}/${keyPart(node)}`;
    yield plannedTree(target, 'tree');
    for (const service of SERVICES) {
      const data: PlannedLog = { type: 'query', ...target, service };
      const source = `${logsUrl(node)}?query=${service}`;
      yield { artifact: `${key}/query/${service}`, required: false, source, node, data };
    }
  }
  await Promise.resolve();
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const log = plannedLogSchema.parse(planned.data);
  switch (log.type) {
    case 'tree':
      return await walkTree(planned, log, context);
    case 'query':
      return await readQuery(planned, log, context);
    case 'file':
      return await readFile(planned, log, context);
  }
}

export const collector: Collector = {
  id: ID,
  title: 'Log files of the nodes',
  doc: DOC.trim(),
  volatility: 'V4',
  tags: ['kubelet', 'node', 'logs'],
  needsKubelet: true,
  needs: ['nodes'],
  permissions: [kubeletRight('The log folder of the node through its kubelet.')],
  plan,
  collect,
};
