import { stringAt } from '../../lib/untyped.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { type Check, check, looked } from './check.js';

const MAX_KUBELETS = 3;

async function logsOf(cluster: ClusterReader, node: string): Promise<readonly Check[]> {
  return await looked({ id: 'kubelet-logs', subject: node, onError: 'degraded' }, async () => {
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/logs/`;
    const { status } = await cluster.get({
      path,
      kind: 'small',
      node,
      accept: '*/*',
      attempts: 1,
      maxBytes: 1_048_576,
    });
    if (status === 200) return { state: 'works', reason: 'its log folder is served' };
    if (status === 403)
      return {
        state: 'fails',
        reason: 'nodes/proxy is not granted',
        remedy: 'kubectl apply -f templates/rbac/collector-kubelet.yaml',
      };
    if (status === 404 || status === 405)
      return { state: 'degraded', reason: 'the kubelet does not serve its log folder (enableSystemLogHandler is off)' };
    return { state: 'degraded', reason: `the kubelet answers ${String(status)}` };
  });
}

/** Whether kubelets show the logs of their nodes; asked of the first three. */
export async function kubeletChecks(cluster: ClusterReader, nodes: readonly unknown[]): Promise<readonly Check[]> {
  const names = nodes.map((node) => stringAt(node, 'metadata', 'name') ?? '').filter((name) => name !== '');
  const checks: Check[] = [];
  for (const name of names.slice(0, MAX_KUBELETS)) checks.push(...(await logsOf(cluster, name)));
  const rest = names.length - MAX_KUBELETS;
  if (rest > 0)
    checks.push(check('kubelet-logs', `${String(rest)} more nodes`, { state: 'unknown', reason: 'not asked' }));
  return checks;
}
