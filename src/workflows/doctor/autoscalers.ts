import { stringAt } from '../../lib/untyped.js';
import { type Check, check } from './check.js';

const AUTOSCALER = /^(?:.*-)?cluster-autoscaler(?:-.*)?$/;

/** What may take a node away, from the names of the API groups that are served and the Deployments of the cluster. */
export function autoscalerChecks(groups: readonly string[], deployments: readonly unknown[]): readonly Check[] {
  const names = deployments
    .map((one) => `${stringAt(one, 'metadata', 'namespace') ?? ''}/${stringAt(one, 'metadata', 'name') ?? ''}`)
    .filter((name) => AUTOSCALER.test(name.split('/')[1] ?? ''));
  const checks: Check[] = [];
  if (groups.includes('karpenter.sh'))
    checks.push(
      check('autoscaler', 'Karpenter', {
        state: 'degraded',
        reason:
          'its API is served: do-not-disrupt keeps it from consolidating a node, not from ending one that expires or is interrupted',
        remedy: 'kubectl get nodeclaims,nodepools',
      }),
    );
  if (names.length > 0)
    checks.push(
      check('autoscaler', names.slice(0, 3).join(', '), {
        state: 'works',
        reason: 'cluster-autoscaler: a quarantine annotates node and suspects, which it respects',
      }),
    );
  if (checks.length > 0) return checks;
  const reason = 'none was recognised: no API of Karpenter, no Deployment of cluster-autoscaler';
  return [check('autoscaler', 'cluster', { state: 'works', reason })];
}
