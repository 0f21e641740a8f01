import { NOT_STATED } from '../../model/case.js';
import type { Authority } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClockRecord } from '../../model/request.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Collector } from '../../ports/collector.js';
import type { RequestLog } from '../../ports/request-log.js';
import type { CollectDeps, CollectRequest } from '../collect-request.js';
import { observeIdentity } from '../observe-identity.js';
import { freezeTargets, readClusterUid } from '../targets/freeze-targets.js';
import type { FrozenTargets } from '../targets/freeze-targets.js';
import { NO_CLUSTER } from './no-cluster.js';
import type { Seen } from './run-opening.js';

export interface FreezeOrder {
  readonly authority: Authority;
  readonly collectors: readonly Collector[];
  /** Where the pods are kept. */
  readonly directory: string;
}

/** Where a run has its targets from: a cluster, or one machine or disk without any. */
export interface RunSource {
  readonly cluster: ClusterReader;
  /** `knownUid`: of the cluster that the exhibit was begun on. Throws `TARGET_REPLACED` when it is another now. */
  identify(knownUid: string | null): Promise<Seen>;
  freeze(order: FreezeOrder): Promise<FrozenTargets>;
  /** What the cluster's clock says now; `null` = it says nothing. */
  clock(): Promise<ClockRecord | null>;
}

class ClusterSource implements RunSource {
  readonly cluster: ClusterReader;
  readonly #request: CollectRequest;
  readonly #signal: AbortSignal;

  constructor(cluster: ClusterReader, request: CollectRequest, signal: AbortSignal) {
    this.cluster = cluster;
    this.#request = request;
    this.#signal = signal;
  }

  async identify(knownUid: string | null): Promise<Seen> {
    const { cluster } = this;
    const identity = await observeIdentity(cluster, 'open');
    const clusterUid = await readClusterUid(cluster, this.#signal);
    if (knownUid !== null && clusterUid !== null && knownUid !== clusterUid) {
      throw new ExhibitError('TARGET_REPLACED', `the exhibit was begun on cluster ${knownUid}; this is ${clusterUid}`, {
        subject: cluster.facts.server,
        hints: ['exhibit seal', 'kubectl config get-contexts'],
      });
    }
    return { identity, clusterUid, facts: cluster.facts };
  }

  async freeze({ authority, collectors, directory }: FreezeOrder): Promise<FrozenTargets> {
    return await freezeTargets({
      scope: this.#request.scope,
      limits: authority === NOT_STATED ? {} : authority.limits,
      collectors,
      cluster: this.cluster,
      signal: this.#signal,
      directory,
    });
  }

  async clock(): Promise<ClockRecord | null> {
    return (await observeIdentity(this.cluster, 'during')).clock;
  }
}

type WithoutCluster = NonNullable<CollectRequest['withoutCluster']>;

/** One node that was named, or learned from the machine itself; no pods are known beforehand. */
export function targetsWithoutCluster({ node }: WithoutCluster): FrozenTargets {
  return {
    clusterUid: null,
    nodes: [node],
    namespaces: [],
    resources: [],
    unreachableGroups: [],
    pods: 0,
    excludedByAuthority: 0,
    incomplete: [],
  };
}

function sourceWithoutCluster(withoutCluster: WithoutCluster): RunSource {
  const identity = { apiIdentity: null, unknownBecause: 'no cluster was asked', clock: null };
  return {
    cluster: NO_CLUSTER,
    identify: () => Promise.resolve({ identity, clusterUid: null, facts: null }),
    freeze: () => Promise.resolve(targetsWithoutCluster(withoutCluster)),
    clock: () => Promise.resolve(null),
  };
}

/** Connects where the request asks a cluster. Throws what the connection throws. */
export async function openSource(
  request: CollectRequest,
  deps: Pick<CollectDeps, 'connect' | 'signal'>,
  log: RequestLog,
): Promise<RunSource> {
  const { withoutCluster } = request;
  if (withoutCluster !== null) return sourceWithoutCluster(withoutCluster);
  return new ClusterSource(await deps.connect(log), request, deps.signal);
}
