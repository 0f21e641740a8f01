import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Authority } from '../model/case.js';
import { VOLATILITIES } from '../model/artifact.js';
import type { Volatility } from '../model/artifact.js';
import type { Collector, PlanContext } from '../ports/collector.js';
import type { RequestLog } from '../ports/request-log.js';
import type { CollectDeps, CollectRequest } from './collect-request.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import type { Seen } from './execute/run-opening.js';
import { openSource } from './execute/run-source.js';
import { notAskedFor, selectCollectors } from './execute/select-collectors.js';
import { type NeededRight, NeededRights } from './needed-rights.js';
import { footprintOf, plannedWays } from './planned-ways.js';
import type { PlannedWay } from './planned-ways.js';
import { reviewRights } from './review-rights.js';
import type { ReviewedRight } from './review-rights.js';
import { type FrozenTargets, thawTargets } from './targets/freeze-targets.js';
import { checkAuthority, checkScope } from './targets/scope-request.js';

export interface PlannedStep {
  readonly tier: Volatility;
  readonly collector: string;
  readonly artifacts: number;
  /** At least so many calls; paging and proofs add more. */
  readonly requests: number;
}

export interface CollectionPlan {
  /** `null` = no cluster is asked. */
  readonly server: string | null;
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
  /** Each planned resource by itself; a wildcard is never asked about. */
  readonly rights: readonly ReviewedRight[];
  readonly notAskedFor: readonly string[];
  /** How nodes are reached, in the order in which the ways are tried. */
  readonly nodeAccess: readonly PlannedWay[];
  readonly excludedByAuthority: number;
  readonly incomplete: readonly string[];
  /** What the run changes in the cluster. */
  readonly footprint: string;
}

/** A log needs its pod before and after, the log, and the second read that proves its end. */
const REQUESTS_PER_LOG = 4;
/** Metrics are read twice, the other state of a kubelet once. */
const METRICS = /\/proxy\/metrics(?:\/|$)/;

export type SurveyDeps = Omit<CollectDeps, 'store' | 'caseId' | 'ids' | 'tool' | 'os'> & {
  readonly authority: Authority;
  readonly scratchDirectory: string;
};

/** What a collection would do, and what it needs to be allowed. */
interface Survey {
  readonly cluster: ClusterReader;
  readonly seen: Seen;
  readonly frozen: FrozenTargets;
  readonly steps: readonly PlannedStep[];
  readonly needed: readonly NeededRight[];
}

/**
 * Reads the targets and plans every artifact; nothing of it outlives `use`. Throws `USAGE_INVALID`, `LIMIT_OF_AUTHORITY`,
 * `CLUSTER_FORBIDDEN`, `TARGET_GONE` and as the ports.
 */
export async function surveyCollection<T>(
  request: CollectRequest,
  deps: SurveyDeps,
  use: (survey: Survey) => Promise<T>,
): Promise<T> {
  checkScope(request.scope);
  const { scope, kubelet, nodeAccess } = request;
  checkAuthority({ ...scope, kubelet, nodeAccess }, deps.authority, deps.clock.nowMs());
  const collectors = selectCollectors(deps.collectors, request);
  const source = await openSource(request, deps, forgetfulLog());
  const { cluster } = source;
  const directory = await mkdtemp(join(deps.scratchDirectory, 'exhibit-plan-'));
  try {
    const seen = await source.identify(null);
    const frozen = await source.freeze({ authority: deps.authority, collectors, directory });
    const steps: PlannedStep[] = [];
    const needed = new NeededRights();
    const wholeCluster = request.scope.all;
    const context: PlanContext = { targets: thawTargets(frozen, directory), limits: request.limits, wholeCluster };
    for (const collector of collectors) {
      steps.push(...(await countSteps(collector, context, needed)));
      needed.declare(collector, wholeCluster);
    }
    steps.sort((a, b) => VOLATILITIES.indexOf(a.tier) - VOLATILITIES.indexOf(b.tier));
    return await use({ cluster, seen, frozen, steps, needed: needed.all() });
  } finally {
    await rm(directory, { recursive: true, force: true });
    await cluster.close();
  }
}

/** A dry run: reads the targets and asks for rights, writes nothing into the case. */
export async function planCollection(request: CollectRequest, deps: SurveyDeps): Promise<CollectionPlan> {
  return await surveyCollection(request, deps, async ({ cluster, seen, frozen, steps, needed }) => ({
    server: seen.facts?.server ?? null,
    identity: seen.identity.apiIdentity?.username ?? null,
    clusterUid: frozen.clusterUid,
    nodes: frozen.nodes.map((node) => node.name),
    namespaces: frozen.namespaces,
    pods: frozen.pods,
    steps,
    artifacts: steps.reduce((sum, step) => sum + step.artifacts, 0),
    requests: steps.reduce((sum, step) => sum + step.requests, 0),
    estimatedBytes: null,
    rights: seen.facts === null ? [] : await reviewRights(cluster, needed),
    notAskedFor: notAskedFor(deps.collectors, request),
    nodeAccess: plannedWays(request),
    excludedByAuthority: frozen.excludedByAuthority,
    incomplete: [...frozen.incomplete, ...frozen.unreachableGroups.map(({ group, reason }) => `${group}: ${reason}`)],
    footprint: footprintOf(request),
  }));
}

async function countSteps(collector: Collector, context: PlanContext, needed: NeededRights): Promise<PlannedStep[]> {
  const counts = new Map<Volatility, { artifacts: number; requests: number }>();
  for await (const planned of collector.plan(context)) {
    const tier = planned.volatility ?? collector.volatility;
    const { artifacts, requests } = counts.get(tier) ?? { artifacts: 0, requests: 0 };
    counts.set(tier, { artifacts: artifacts + 1, requests: requests + requestsFor(collector, planned.source) });
    needed.plan(collector, planned);
  }
  return [...counts].map(([tier, count]) => ({ tier, collector: collector.id, ...count }));
}

function requestsFor({ id, needsNodeAccess = false }: Collector, source: string): number {
  if (needsNodeAccess) return 0;
  if (id === 'pod-logs') return REQUESTS_PER_LOG;
  return METRICS.test(source) ? 2 : 1;
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
