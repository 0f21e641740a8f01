import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NOT_STATED } from '../model/case.js';
import type { Authority } from '../model/case.js';
import { VOLATILITIES } from '../model/artifact.js';
import type { Volatility } from '../model/artifact.js';
import { booleanAt, parseJson, stringAt } from '../lib/untyped.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { Collector, Permission } from '../ports/collector.js';
import type { RequestLog } from '../ports/request-log.js';
import type { CollectDeps, CollectRequest } from './collect-request.js';
import { notAskedFor, selectCollectors } from './execute/select-collectors.js';
import { observeIdentity } from './observe-identity.js';
import { freezeTargets, thawTargets } from './targets/freeze-targets.js';
import { checkAuthority, checkScope } from './targets/scope-request.js';

export interface PlannedStep {
  readonly tier: Volatility;
  readonly collector: string;
  readonly artifacts: number;
  /** At least so many calls; paging and proofs add more. */
  readonly requests: number;
}

export interface CollectionPlan {
  readonly server: string;
  readonly identity: string | null;
  readonly clusterUid: string | null;
  readonly nodes: readonly string[];
  readonly namespaces: 'all' | readonly string[];
  readonly pods: number;
  /** In the order of the collection. */
  readonly steps: readonly PlannedStep[];
  readonly artifacts: number;
  readonly requests: number;
  /** Not known before it is read. */
  readonly estimatedBytes: null;
  readonly rights: readonly {
    readonly verb: string;
    readonly resource: string;
    readonly allowed: boolean | null;
    readonly why: string;
  }[];
  readonly notAskedFor: readonly string[];
  readonly excludedByAuthority: number;
  readonly incomplete: readonly string[];
  /** What the run changes in the cluster. */
  readonly footprint: string;
}

const REVIEW_PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const MAX_REVIEWS = 100;
/** A log needs its pod before and after, the log, and the second read that proves its end. */
const REQUESTS_PER_LOG = 4;

/** A dry run: reads the targets and asks for rights, writes nothing into the case. */
export async function planCollection(
  request: CollectRequest,
  deps: Omit<CollectDeps, 'store' | 'caseId' | 'ids' | 'tool' | 'os'> & {
    readonly authority: Authority;
    readonly scratchDirectory: string;
  },
): Promise<CollectionPlan> {
  checkScope(request.scope);
  checkAuthority(request.scope, deps.authority, deps.clock.nowMs());
  const collectors = selectCollectors(deps.collectors, request);
  const cluster = await deps.connect(forgetfulLog());
  const directory = await mkdtemp(join(deps.scratchDirectory, 'exhibit-plan-'));
  try {
    const identity = await observeIdentity(cluster, 'open');
    const limits = deps.authority === NOT_STATED ? {} : deps.authority.limits;
    const frozen = await freezeTargets({
      scope: request.scope,
      limits,
      collectors,
      cluster,
      signal: deps.signal,
      directory,
    });
    const steps: PlannedStep[] = [];
    for (const collector of collectors) {
      steps.push(
        ...(await countSteps(collector, {
          targets: thawTargets(frozen, directory),
          limits: request.limits,
          wholeCluster: request.scope.all,
        })),
      );
    }
    steps.sort((a, b) => VOLATILITIES.indexOf(a.tier) - VOLATILITIES.indexOf(b.tier));
    return {
      server: cluster.facts.server,
      identity: identity.apiIdentity?.username ?? null,
      clusterUid: frozen.clusterUid,
      nodes: frozen.nodes.map((node) => node.name),
      namespaces: frozen.namespaces,
      pods: frozen.pods,
      steps,
      artifacts: steps.reduce((sum, step) => sum + step.artifacts, 0),
      requests: steps.reduce((sum, step) => sum + step.requests, 0),
      estimatedBytes: null,
      rights: await reviewRights(cluster, collectors),
      notAskedFor: notAskedFor(deps.collectors, request),
      excludedByAuthority: frozen.excludedByAuthority,
      incomplete: [...frozen.incomplete, ...frozen.unreachableGroups.map(({ group, reason }) => `${group}: ${reason}`)],
      footprint: 'reads only; two kinds of self-review are the only calls that are not GET, and they store nothing',
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
    await cluster.close();
  }
}

async function countSteps(collector: Collector, context: Parameters<Collector['plan']>[0]): Promise<PlannedStep[]> {
  const counts = new Map<Volatility, number>();
  for await (const planned of collector.plan(context)) {
    const tier = planned.volatility ?? collector.volatility;
    counts.set(tier, (counts.get(tier) ?? 0) + 1);
  }
  const each = collector.id === 'pod-logs' ? REQUESTS_PER_LOG : 1;
  return [...counts].map(([tier, artifacts]) => ({
    tier,
    collector: collector.id,
    artifacts,
    requests: artifacts * each,
  }));
}

async function reviewRights(
  cluster: ClusterReader,
  collectors: readonly Collector[],
): Promise<CollectionPlan['rights']> {
  const asked = new Map<string, { permission: Permission; verb: string }>();
  for (const permission of collectors.flatMap((collector) => collector.permissions)) {
    for (const verb of permission.verbs) {
      asked.set(`${verb} ${permission.nonResourceUrl ?? `${permission.apiGroup}/${permission.resource}`}`, {
        permission,
        verb,
      });
    }
  }
  const rights: CollectionPlan['rights'][number][] = [];
  for (const { permission, verb } of [...asked.values()].slice(0, MAX_REVIEWS)) {
    rights.push(await reviewRight(cluster, permission, verb));
  }
  return rights;
}

async function reviewRight(
  cluster: ClusterReader,
  permission: Permission,
  verb: string,
): Promise<CollectionPlan['rights'][number]> {
  const { nonResourceUrl, apiGroup, resource, why } = permission;
  const answer = await cluster.review(REVIEW_PATH, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec:
      nonResourceUrl === undefined
        ? resourceSpec(permission, verb)
        : { nonResourceAttributes: { verb, path: nonResourceUrl } },
  });
  const body = parseJson(answer.body);
  const known = answer.status === 201 && stringAt(body, 'kind') === 'SelfSubjectAccessReview';
  return {
    verb,
    resource: nonResourceUrl ?? (apiGroup === '' ? resource : `${resource}.${apiGroup}`),
    allowed: known ? (booleanAt(body, 'status', 'allowed') ?? null) : null,
    why,
  };
}

function resourceSpec({ apiGroup, resource }: Permission, verb: string): Record<string, unknown> {
  const [name = '', subresource = ''] = resource.split('/');
  return {
    resourceAttributes: { verb, group: apiGroup, resource: name, ...(subresource === '' ? {} : { subresource }) },
  };
}

/** A dry run keeps no record: its calls are in the cluster's own audit log like any other. */
function forgetfulLog(): RequestLog {
  let seq = 0;
  return {
    begin: () => {
      seq += 1;
      return seq;
    },
    end: () => undefined,
  };
}
