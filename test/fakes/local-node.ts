import { localRung } from '../../src/node-access/local.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { Collector } from '../../src/ports/collector.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { FakeCluster } from './fake-cluster.js';
import { fakeNode, fakeTargets, runCollector, type FakeRun, type FakeRunOptions } from './fake-cluster-run.js';

export const LOCAL_NODE = 'node-1';

/** This machine, by the rung that runs scripts on it. */
export async function openLocalNode(): Promise<NodeAccess> {
  return await localRung({ clock: systemClock, ids: systemIds }).open(
    fakeNode(LOCAL_NODE),
    new AbortController().signal,
  );
}

/** Runs a node collector on this machine, or on the access that is given. */
export async function runOnNode(
  collector: Collector,
  access: NodeAccess,
  more: Partial<FakeRunOptions> = {},
): Promise<FakeRun> {
  return await runCollector({
    collector,
    cluster: new FakeCluster(() => ({ status: 404 })),
    targets: fakeTargets({ nodes: [fakeNode(LOCAL_NODE)] }),
    limits: { idleTimeoutMs: 60_000 },
    nodeAccess: async () => await Promise.resolve(access),
    ...more,
  });
}

/** The JSON lines of a payload file. */
export function linesOf(run: FakeRun, path: string): Record<string, unknown>[] {
  return run.sink
    .at(path)
    .bytes.toString('latin1')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
