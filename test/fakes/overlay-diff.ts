import { expect } from 'vitest';
import { containerDiff } from '../../src/collectors/container-diff/collector.js';
import { diffEntrySchema, diffSourceSchema, type DiffEntry, type DiffSource } from '../../src/model/diff-entry.js';
import type { ContainerTarget } from '../../src/model/target.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { FakeCluster } from './fake-cluster.js';
import { fakeNode, fakeTargets, runCollector, type FakeRun } from './fake-cluster-run.js';
import { honestCluster } from './fake-cluster-world.js';
import { CONTAINER_ID } from './overlay-container.js';

const UID = '12345678-1234-1234-1234-123456789abc';
/** The artifact of the container that `diffOverlay` asks for, and where it is kept. */
export const DIFF_KEY = `container-diff/shop/web-1.${UID}/app`;
export const DIFF_FOLDER = 'data/pods/shop/web-1.12345678/app/diff';
export const DIFF_DERIVED = 'data/derived/container-diff/shop/web-1.app.12345678';
const LIMITS = { maxUpperBytes: 1 << 30, maxVolumeBytes: 1 << 20, maxEntries: 10_000 };

export interface AskedDiff {
  readonly limits?: Partial<typeof LIMITS>;
  readonly target?: Partial<ContainerTarget>;
}

/** Takes the diff of the one container that an `OverlayContainer` has, as that of a pod. */
export async function diffOverlay(
  nodeAccess: () => Promise<NodeAccess>,
  { limits = {}, target = {} }: AskedDiff = {},
): Promise<FakeRun> {
  const app: ContainerTarget = {
    name: 'app',
    role: 'main',
    containerId: `containerd://${CONTAINER_ID}`,
    restartCount: 0,
    state: 'running',
    stateReason: '',
    hasPrevious: false,
    ...target,
  };
  const pod = { namespace: 'shop', name: 'web-1', uid: UID, node: 'node-1', phase: 'Running', containers: [app] };
  const run = await runCollector({
    collector: containerDiff({ ...LIMITS, ...limits }),
    cluster: new FakeCluster(honestCluster),
    targets: fakeTargets({ nodes: [fakeNode('node-1')], podList: [pod] }),
    limits: { idleTimeoutMs: 60_000 },
    nodeAccess,
  });
  expect([...run.sink.open_]).toEqual([]);
  return run;
}

/** By path, as bytes in Latin-1. */
export function diffEntriesOf({ sink }: FakeRun): Map<string, DiffEntry> {
  const lines = sink.at(`${DIFF_DERIVED}/entries.jsonl`).bytes.toString('latin1').split('\n');
  const entries = lines.filter((line) => line !== '').map((line) => diffEntrySchema.parse(JSON.parse(line)));
  return new Map(entries.map((entry) => [Buffer.from(entry.pathB64, 'base64').toString('latin1'), entry]));
}

export function diffSourceOf({ sink }: FakeRun): DiffSource {
  return diffSourceSchema.parse(JSON.parse(sink.at(`${DIFF_DERIVED}/source.jsonl`).bytes.toString('latin1')));
}
