import { z } from 'zod';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { ReadRequest } from '../../ports/cluster-reader.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { kubeletRight } from '../kubelet-right.js';
import { captureBody, type CapturedBody } from '../capture-body.js';
import { isStatus, refusalMessage } from '../refusal.js';
import { distinctSegments, keyPart, urlPart } from '../segments.js';
import { nodeSubject } from '../node-subject.js';
import { UNKNOWN_ARTIFACT } from '../unknown-artifact.js';
import { KUBELET_ENDPOINTS, type KubeletEndpoint } from './endpoints.js';
import { MetricNames } from './metric-names.js';
import { proveMetrics } from './prove-metrics.js';

const ID = 'node-state';
/** The largest node's metrics are some 50 MB; what goes on after this is no state. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

const DOC = `
What each kubelet in scope says of itself, through the API server's proxy, in \`data/nodes/<node>/kubelet/\`: \`/pods\` (the pods as the
kubelet knows them, static ones included: one that the API server does not show is a finding), \`/stats/summary\`, \`/configz\` (what it
really runs with), \`/healthz\`, \`/metrics\`, \`/metrics/cadvisor\`, \`/metrics/resource\`.

JSON counts as whole when it parses to its last byte. Metrics have no end mark, so they are read twice: the first answer is kept, and
\`collected\` only when it has every metric name of the second one and ends with the same series; otherwise it is \`partial\`, reason
\`unproven-end\`. A metric that came into being between the two reads gives \`partial\` as well; somebody who ends both answers at the
same line is not noticed. Needs \`get\` on \`nodes/proxy\`, **which also allows to run commands in
every container of the node**: hence only with \`--kubelet\` and in a role of its own. Vantage \`kubelet\`: a node that somebody else
owns says what its owner wants.
`;

const plannedSchema = z.strictObject({
  node: z.string(),
  uid: z.string(),
  machineId: z.string(),
  segment: z.string(),
  path: z.string(),
});
type PlannedEndpoint = z.infer<typeof plannedSchema>;

const proxyPath = (node: string, path: string) => `/api/v1/nodes/${urlPart(node)}/proxy/${path}`;

async function* plan({ targets }: PlanContext): AsyncGenerator<PlannedArtifact> {
  const segments = distinctSegments(targets.nodes.map(({ name }) => name));
  for (const { name, uid, machineId } of targets.nodes) {
    for (const { path } of KUBELET_ENDPOINTS) {
      const data: PlannedEndpoint = { node: name, uid, machineId, segment: segments.get(name) ?? '_', path };
      yield {
        artifact: `${ID}/${keyPart(name)}/${path}`,
        required: true,
        source: proxyPath(name, path),
        node: name,
        data,
      };
    }
  }
  await Promise.resolve();
}

/** The API server answers for a kubelet that it cannot reach, with a Status where the kubelet would have sent text. */
function judge(endpoint: KubeletEndpoint, body: CapturedBody): CollectResult {
  const result = endpoint.judge(body);
  const { status, attempts } = body.answer;
  if (status === 200 || !body.headIsAll || !isStatus(body.head)) return result;
  return {
    outcome: 'failed',
    reason: 'kubelet-unreachable',
    detail: refusalMessage(body.head),
    proof: { status },
    attempts,
  };
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const { node, segment, path, ...machine } = plannedSchema.parse(planned.data);
  const endpoint = KUBELET_ENDPOINTS.find((one) => one.path === path);
  if (endpoint === undefined) return UNKNOWN_ARTIFACT;
  const { accept, file, sensitivity } = endpoint;
  const request: ReadRequest = {
    path: proxyPath(node, path),
    accept,
    kind: 'stream',
    node,
    idleTimeoutMs: context.limits.idleTimeoutMs,
    maxBytes: MAX_BODY_BYTES,
  };
  const first = new MetricNames();
  return await captureBody(
    {
      request,
      draft: {
        path: `data/nodes/${segment}/kubelet/${file}`,
        artifact: planned.artifact,
        collector: ID,
        vantage: 'kubelet',
        sensitivity,
      },
      accept: endpoint.statuses,
      keepBytes: endpoint.keepBytes,
      subject: nodeSubject(machine),
      ...(endpoint.isMetrics ? { watch: (bytes: Buffer) => first.feed(bytes) } : {}),
      judge: async (body) => {
        const result = judge(endpoint, body);
        return endpoint.isMetrics ? await proveMetrics(result, { first, request }, context) : result;
      },
    },
    context,
  );
}

export const collector: Collector = {
  id: ID,
  title: 'State of the kubelets',
  doc: DOC.trim(),
  volatility: 'V1',
  tags: ['kubelet', 'node', 'state', 'volatile'],
  needsKubelet: true,
  needs: ['nodes'],
  permissions: [kubeletRight('The kubelet through the API server.')],
  plan,
  collect,
};
