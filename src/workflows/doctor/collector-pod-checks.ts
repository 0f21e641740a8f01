import { parseJson, stringAt } from '../../lib/untyped.js';
import type { CollectorPodSettings } from '../../model/collector-pod-settings.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { type Check, check, looked } from './check.js';

/** What collector pods are to be made of: settings that can be used, or why they cannot. */
export type CollectorPodPlan =
  { readonly settings: CollectorPodSettings } | { readonly unusable: string; readonly remedy: string | null };

const ENFORCE = 'pod-security.kubernetes.io/enforce';

function imageCheck({ image }: CollectorPodSettings): Check {
  const isPinned = image.includes('@sha256:');
  return check('collector-image', image, {
    state: isPinned ? 'works' : 'degraded',
    reason: isPinned
      ? 'pinned by its digest; whether the nodes can pull it is seen when the first pod starts'
      : 'named by a tag, on the word of --collector-image-present: what the nodes hold of that name is run',
  });
}

export interface CollectorNamespace {
  readonly checks: readonly Check[];
  readonly isThere: boolean;
}

async function namespaceCheck(
  cluster: ClusterReader,
  { namespace }: CollectorPodSettings,
): Promise<CollectorNamespace> {
  const seen = { isThere: false };
  const where = { id: 'collector-namespace', subject: `namespace ${namespace}` };
  const checks = await looked(where, async () => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
    const answer = await cluster.get({ path, kind: 'small' });
    if (answer.status === 404)
      return {
        state: 'works',
        reason: 'it does not exist; one is made for the case, admits privileged pods, and is removed',
      };
    if (answer.status !== 200) return { state: 'unknown', reason: `it may not be read: ${String(answer.status)}` };
    seen.isThere = true;
    const level = stringAt(parseJson(answer.body), 'metadata', 'labels', ENFORCE);
    if (level === 'privileged') return { state: 'works', reason: 'Pod Security admits privileged pods' };
    if (level === undefined)
      return {
        state: 'unknown',
        reason: `it has no label ${ENFORCE}: the default of the cluster holds, and an admission may refuse`,
        remedy: `kubectl label namespace ${namespace} ${ENFORCE}=privileged`,
      };
    return {
      state: 'fails',
      reason: `Pod Security enforces ${level}: collector pods are refused`,
      remedy: `kubectl label --overwrite namespace ${namespace} ${ENFORCE}=privileged`,
    };
  });
  return { checks, isThere: seen.isThere };
}

/** Image and namespace of collector pods; `null` = none are wanted. */
export async function collectorPodChecks(
  cluster: ClusterReader,
  plan: CollectorPodPlan | null,
): Promise<CollectorNamespace> {
  if (plan === null) return { checks: [], isThere: false };
  if ('unusable' in plan) {
    const { unusable: reason, remedy } = plan;
    const found = { state: 'fails', reason, ...(remedy === null ? {} : { remedy }) } as const;
    return { checks: [check('collector-image', 'collector pod', found)], isThere: false };
  }
  const { checks, isThere } = await namespaceCheck(cluster, plan.settings);
  return { checks: [imageCheck(plan.settings), ...checks], isThere };
}
