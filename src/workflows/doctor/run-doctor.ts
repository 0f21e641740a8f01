import { shellWord } from '../../lib/shell-word.js';
import { arrayAt, parseJson, stringAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { CloudName } from '../../model/cloud.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Platform } from '../../ports/platform.js';
import type { CollectRequest } from '../collect-request.js';
import { selectCollectors } from '../execute/select-collectors.js';
import { NeededRights, type NeededRight } from '../needed-rights.js';
import { surveyCollection, type SurveyDeps } from '../plan-collection.js';
import { pathOf, readList, readNamed } from '../quarantine/read-cluster.js';
import { COLLECTION_RIGHTS } from '../rights.js';
import { apiServerChecks } from './api-server-arguments.js';
import { autoscalerChecks } from './autoscalers.js';
import { type Check, check, looked } from './check.js';
import { cloudChecks } from './cloud-checks.js';
import { clusterChecks, credentialCheck, type CredentialExpiry } from './cluster-checks.js';
import { collectorPodChecks, type CollectorPodPlan } from './collector-pod-checks.js';
import { kubeletChecks } from './kubelet-checks.js';
import { type LocalFacts, localChecks } from './local-checks.js';
import { renderMissingRbac } from './missing-rbac.js';
import { type DoctorTarget, mergedByPurpose, neededForCollectorPod, neededToContain } from './needed-by-purpose.js';
import { networkPluginCheck } from './network-plugin.js';
import { nodeChecks } from './node-checks.js';
import { rightsChecks } from './rights-checks.js';

export interface DoctorRequest {
  /** `null` = the whole cluster. */
  readonly target: DoctorTarget | null;
  /** The collection that is to work. */
  readonly collect: CollectRequest;
  readonly collectorPod: CollectorPodPlan | null;
  /** `null` = none is asked. */
  readonly cloud: CloudName | null;
}

export interface DoctorDeps {
  readonly survey: SurveyDeps;
  /** Connects anew; the doctor closes it. */
  readonly connect: () => Promise<ClusterReader>;
  readonly credential: () => Promise<CredentialExpiry>;
  /** `null` = there is nothing that talks to the cloud. */
  readonly platform: Platform | null;
  readonly local: LocalFacts;
}

export interface DoctorSummary {
  /** `null` = there was no connection. */
  readonly server: string | null;
  readonly checks: readonly Check[];
  /** A manifest that grants what is missing; `null` = nothing is. */
  readonly rbac: string | null;
}

/** The node itself, the node of the pod, or every node. */
async function nodesOf(cluster: ClusterReader, target: DoctorTarget | null): Promise<readonly unknown[]> {
  if (target === null) return await readList(cluster, { path: '/api/v1/nodes', what: 'nodes' });
  if (target.kind === 'node')
    return [await readNamed(cluster, pathOf('', 'nodes', target.name), `node ${target.name}`)];
  const { namespace, name } = target;
  const pod = await readNamed(cluster, pathOf('', 'namespaces', namespace, 'pods', name), `pod ${namespace}/${name}`);
  const node = stringAt(pod, 'spec', 'nodeName') ?? '';
  return node === '' ? [] : [await readNamed(cluster, pathOf('', 'nodes', node), `node ${node}`)];
}

/** What the collectors declare, where what they would plan cannot be learned: without the resources that a wildcard stands for. */
function declaredRights(request: CollectRequest, { collectors }: SurveyDeps): readonly NeededRight[] {
  const needed = new NeededRights();
  for (const one of [{ permissions: COLLECTION_RIGHTS }, ...selectCollectors(collectors, request)])
    needed.declare(one, request.scope.all);
  return needed.all();
}

interface Needs {
  readonly rights: readonly NeededRight[];
  readonly checks: readonly Check[];
}

async function neededToCollect(request: CollectRequest, deps: SurveyDeps): Promise<Needs> {
  const seen: { rights: readonly NeededRight[] } = { rights: [] };
  const where = { id: 'collection-plan', subject: 'what would be collected', onError: 'fails' } as const;
  const checks = await looked(
    where,
    async () =>
      await surveyCollection(request, deps, ({ needed, steps, frozen }) => {
        seen.rights = [...needed, ...declaredRights(request, deps)];
        const artifacts = String(steps.reduce((sum, step) => sum + step.artifacts, 0));
        const open = [...frozen.incomplete, ...frozen.unreachableGroups.map(({ group }) => group)];
        return Promise.resolve(
          open.length === 0
            ? { state: 'works' as const, reason: `${artifacts} artifacts, by profile ${request.profileName}` }
            : {
                state: 'degraded' as const,
                reason: `${artifacts} artifacts; not known: ${open.slice(0, 5).join(', ')}`,
              },
        );
      }),
  );
  const rights = seen.rights.length > 0 ? seen.rights : declaredRights(request, deps);
  return { rights, checks };
}

/** `null` = discovery does not answer. */
async function groupsOf(cluster: ClusterReader): Promise<readonly string[] | null> {
  const answer = await cluster.get({ path: '/apis', kind: 'small' });
  if (answer.status !== 200) return null;
  return arrayAt(parseJson(answer.body), 'groups').flatMap((group) => stringAt(group, 'name') ?? []);
}

async function surroundings(cluster: ClusterReader, groups: readonly string[] | null): Promise<readonly Check[]> {
  const list = async (path: string, what: string) => await readList(cluster, { path, what });
  return [
    ...(await looked({ id: 'autoscaler', subject: 'cluster' }, async () =>
      autoscalerChecks(groups ?? [], await list('/apis/apps/v1/deployments', 'deployments')),
    )),
    ...(await looked({ id: 'network-policy', subject: 'NetworkPolicy' }, async () =>
      networkPluginCheck(await list('/apis/apps/v1/daemonsets', 'daemonsets')),
    )),
    ...(await looked({ id: 'audit-policy', subject: 'audit log of the API server' }, async () => {
      const pods = await list('/api/v1/namespaces/kube-system/pods', 'pods of kube-system');
      return apiServerChecks(
        pods.filter((pod) => stringAt(pod, 'metadata', 'labels', 'component') === 'kube-apiserver'),
      );
    })),
  ];
}

function fixCommand(target: DoctorTarget | null): string {
  if (target === null) return 'exhibit doctor --fix-rbac';
  const names = target.kind === 'node' ? [target.name] : [target.namespace, target.name];
  return `exhibit doctor ${shellWord([target.kind, ...names].join('/'))} --fix-rbac`;
}

async function examineCluster(
  cluster: ClusterReader,
  request: DoctorRequest,
  deps: DoctorDeps,
): Promise<Omit<DoctorSummary, 'server'> & { readonly nodes: number }> {
  const { target, collect, cloud } = request;
  const { checks: first, identity } = await clusterChecks(cluster);
  if (identity === null) return { checks: first, rbac: null, nodes: 0 };
  const seen: { nodes: readonly unknown[] } = { nodes: [] };
  const nodes = await looked({ id: 'target', subject: 'nodes', onError: 'fails' }, async () => {
    seen.nodes = await nodesOf(cluster, target);
    return nodeChecks(seen.nodes, collect.nodeAccess);
  });
  const pod = await collectorPodChecks(cluster, request.collectorPod);
  const needs = await neededToCollect(collect, deps.survey);
  const settings =
    request.collectorPod !== null && 'settings' in request.collectorPod ? request.collectorPod.settings : null;
  const groups = await groupsOf(cluster);
  const merged = mergedByPurpose([
    ['collect', needs.rights],
    ['quarantine', neededToContain(target, groups)],
    ['collector-pod', settings === null ? [] : neededForCollectorPod(settings.namespace, pod.isThere)],
  ]);
  const rights = await rightsChecks(cluster, merged, fixCommand(target));
  const kubelets = collect.kubelet ? await kubeletChecks(cluster, seen.nodes) : [];
  const clouds = await cloudChecks({ cloud, platform: deps.platform }, seen.nodes);
  const checks = [...first, ...rights.checks, ...needs.checks, ...nodes, ...pod.checks, ...kubelets];
  const username = identity.apiIdentity?.username ?? 'WHO-NEEDS-THEM';
  return {
    checks: [...checks, ...(await surroundings(cluster, groups)), ...clouds],
    rbac: renderMissingRbac(rights.answers, { username }),
    nodes: seen.nodes.length,
  };
}

async function connected(deps: DoctorDeps): Promise<ClusterReader | Check> {
  try {
    return await deps.connect();
  } catch (error) {
    if (!(error instanceof ExhibitError)) throw error;
    const { message, hints, code, subject = 'cluster' } = error;
    const found = check('cluster', subject, { state: 'fails', reason: message, remedy: hints[0] ?? 'kubectl version' });
    return { ...found, code };
  }
}

/**
 * Looks at everything that a response rests on, and changes nothing: self-reviews and, where an authority is configured, a time-stamp of a
 * fixed text are all that is not a read. What cannot be looked at is a check with its reason. Throws `INTERRUPTED` and bugs alone.
 */
export async function runDoctor(request: DoctorRequest, deps: DoctorDeps): Promise<DoctorSummary> {
  const { clock, signal } = deps.survey;
  const cluster = await connected(deps);
  const isThere = 'facts' in cluster;
  try {
    const seen = isThere ? await examineCluster(cluster, request, deps) : { checks: [cluster], rbac: null, nodes: 0 };
    const credential = await looked({ id: 'credential', subject: 'credential' }, async () =>
      credentialCheck(await deps.credential(), clock.nowMs()),
    );
    const nodesRead = request.collect.nodeAccess.length === 0 ? 0 : seen.nodes;
    const local = await localChecks(deps.local, { nodesRead, signal });
    return {
      server: isThere ? cluster.facts.server : null,
      checks: [...seen.checks, ...(isThere ? credential : []), ...local],
      rbac: seen.rbac,
    };
  } finally {
    if (isThere) await cluster.close();
  }
}
