import { systemClock, systemIds } from '../../src/lib/clock.js';
import { NO_SSH } from '../../src/model/node-settings.js';
import type { Collector } from '../../src/ports/collector.js';
import type { CollectDeps, CollectRequest } from '../../src/workflows/collect-request.js';
import { OPENING, quietIo } from './evidence-case.js';

/** A collector that plans nothing. */
export function idleCollector(id: string, { needsKubelet }: { readonly needsKubelet: boolean }): Collector {
  return {
    id,
    title: '',
    doc: '',
    volatility: 'V0',
    tags: [],
    needsKubelet,
    needs: [],
    permissions: [],
    plan: async function* () {
      yield* await Promise.resolve([]);
    },
    collect: async () => await Promise.reject(new Error('nothing is planned')),
  };
}

/** Everything of a cluster, by the one collector and no way to a node. */
export function requestOf(collector: Collector, given: Partial<CollectRequest> = {}): CollectRequest {
  return {
    scope: { all: true, nodes: [], pods: [], namespaces: [] },
    kubelet: false,
    nodeAccess: [],
    nodeRateBytesPerSecond: null,
    ssh: NO_SSH,
    collectorPod: null,
    withoutCluster: null,
    profileName: 'mine',
    collectors: [collector.id],
    profileText: '',
    configText: '',
    kind: 'incident',
    limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000 },
    ...given,
  };
}

/** What a collection works with when it ends before any cluster is asked. */
export function depsWithoutCluster(collector: Collector, given: Pick<CollectDeps, 'store' | 'caseId'>): CollectDeps {
  return {
    clock: systemClock,
    ids: systemIds,
    io: quietIo,
    tool: OPENING.tool,
    os: { user: 'tester', host: 'bench' },
    collectors: [collector],
    connect: () => Promise.reject(new Error('nothing is asked of the cluster')),
    signal: new AbortController().signal,
    ...given,
  };
}
