import { safeSegment, shortUid } from '../../lib/safe-path.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { ContainerTarget, NodeTarget, PodTarget } from '../../model/target.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { keyPart, urlPart } from '../segments.js';
import { plannedLogSchema, podPath, type PlannedLog } from './planned-log.js';
import { readLog } from './read-log.js';

const ID = 'pod-logs';

const DOC = `
The log of every container of the pods in scope (init, main and ephemeral ones), of the instance that runs and, where the API knows one,
of the previous instance, as the API gives it, in \`data/pods/<namespace>/<pod>.<uid8>/<container>/current.log\` and \`previous.log\`. Times are
always asked for: a line that does not begin with one was not written by the container but by the kubelet.

A log is \`collected\` with all four of: every line begins with an RFC 3339 time; the framing of the answer ended; a second read from the
last second received returns our last line, and no line between it and the \`Date\` of the first answer; container id and restart count
are the same before and after. Without all four it is \`partial\`, reason \`unproven-end\`, and \`proof.failed\` says what is missing. The
second condition alone proves nothing: an answer that ends cleanly but early looks whole. A node whose clock is behind the API server's
can make a busy log \`unproven-end\` that is whole. A node whose clock is ahead could let lines that were lost pass as newer ones: a line
later than its own answer shows that and makes the log \`unproven-end\`; a clock ahead by no more than a second and the time of the
transfer is not noticed. With \`--since\` that instant stands in \`proof.sinceTime\`: \`collected\` then means every line since.

* \`kubelet-message\`: the kubelet answers a log that it cannot read with status 200 and a sentence. Where that is all there is the
  artifact is \`failed\` and the sentence is kept as \`current.kubelet-message.txt\`; after good lines it is \`partial\`.
* \`cut\`: kept as it is, with its length. Where less than 64 MiB had come the whole log is read once more, into \`current.again.log\`.
* \`container-changed\`: the container restarted since it was planned, or while it was read; what was the running instance is read as
  \`previous-r<restarts>.log\`.
* \`never-started\`: \`absent\`, with the answer that proves it. \`no-previous\`, \`gone\`, \`replaced\`, \`not-kept\` are \`absent\` only where
  no instance was known when the targets were frozen; one that ran and whose log is gone is \`failed\`, a gap.
* With \`limits.maxLogBytes\` the oldest bytes up to the limit are kept, and the artifact is \`partial\`, reason \`limit\`.

**Not seen: rotated files.** The API serves the newest file of a container only, with the kubelet's defaults 10 MiB of up to 50. The others
are below \`/var/log/pods\` of the node (collector \`kubelet-logs\`), as are instances before the previous one. Bytes are never changed:
binary output and broken UTF-8 stay as they are.
`;

function segmentOf(pod: PodTarget): string {
  return safeSegment(pod.name, `.${shortUid(pod.uid)}`);
}

type Which = PlannedLog['which'];

/** A pod, and its node where that is a target too. */
interface PlacedPod {
  readonly pod: PodTarget;
  readonly node: NodeTarget | undefined;
}

function plannedLog(placed: PlacedPod, container: ContainerTarget, which: Which): PlannedArtifact {
  const { pod } = placed;
  const { namespace, name, uid, node } = pod;
  const data: PlannedLog = {
    namespace,
    pod: name,
    uid,
    node,
    nodeUid: placed.node?.uid ?? '',
    machineId: placed.node?.machineId ?? '',
    container: container.name,
    which,
    containerId: which === 'current' ? container.containerId : null,
    folder: ['data/pods', safeSegment(namespace), segmentOf(pod), safeSegment(container.name)].join('/'),
    file: which,
  };
  const query = `container=${urlPart(container.name)}&timestamps=true${which === 'previous' ? '&previous=true' : ''}`;
  return {
    artifact: [ID, keyPart(namespace), `${keyPart(name)}.${keyPart(uid)}`, keyPart(container.name), which].join('/'),
    required: true,
    source: `${podPath(data)}/log?${query}`,
    ...(node === '' ? {} : { node }),
    ...(which === 'previous' ? { volatility: 'V0' as const } : {}),
    data,
  };
}

async function* plan({ targets }: PlanContext): AsyncGenerator<PlannedArtifact> {
  const nodes = new Map(targets.nodes.map((node) => [node.name, node]));
  for await (const pod of targets.pods()) {
    const placed: PlacedPod = { pod, node: nodes.get(pod.node) };
    for (const container of pod.containers) {
      if (container.hasPrevious) yield plannedLog(placed, container, 'previous');
      yield plannedLog(placed, container, 'current');
    }
  }
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  return await readLog(planned, plannedLogSchema.parse(planned.data), context);
}

export const collector: Collector = {
  id: ID,
  title: 'Logs of containers',
  doc: DOC.trim(),
  volatility: 'V4',
  tags: ['api', 'logs', 'pod'],
  needsKubelet: false,
  needs: ['pods'],
  permissions: [
    { apiGroup: '', resource: 'pods/log', verbs: ['get'], why: 'The logs themselves.' },
    {
      apiGroup: '',
      resource: 'pods',
      verbs: ['get'],
      why: 'Container id and restart count around each log: part of its proof.',
    },
  ],
  plan,
  collect,
};
