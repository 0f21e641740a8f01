import { collector as runtimeMetadata } from '../../src/collectors/runtime-metadata/collector.js';
import { containerDiff } from '../../src/collectors/container-diff/collector.js';
import { diffEntrySchema, type DiffEntry } from '../../src/model/diff-entry.js';
import type { CollectResult } from '../../src/ports/collector.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { NO_CLUSTER } from '../../src/workflows/execute/no-cluster.js';
import { fakeNode, fakeTargets, runCollector, type FakeRun } from './fake-cluster-run.js';

const LIMITS = { maxUpperBytes: 1 << 30, maxVolumeBytes: 1 << 20, maxEntries: 10_000 };

export interface NodeContainers {
  readonly diff: FakeRun;
  /** Lines of `containers.jsonl`. */
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly metadata: FakeRun;
}

function linesAt({ sink }: FakeRun, path: string): Readonly<Record<string, unknown>>[] {
  const lines = sink.at(path).bytes.toString('latin1').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** Asks what runtimes keep on a node or disk, and for the diff of every container, without a cluster. Closes the way. */
export async function nodeContainers(access: NodeAccess): Promise<NodeContainers> {
  const options = {
    cluster: NO_CLUSTER,
    targets: fakeTargets({ nodes: [fakeNode('node-1')], namespaces: [] }),
    limits: { idleTimeoutMs: 60_000 },
    nodeAccess: async () => await Promise.resolve(access),
  };
  const metadata = await runCollector({ ...options, collector: runtimeMetadata });
  const diff = await runCollector({ ...options, collector: containerDiff(LIMITS), sink: metadata.sink });
  await access.close();
  return { metadata, diff, containers: linesAt(metadata, 'data/derived/nodes/node-1/containers.jsonl') };
}

/** How the diff of a container ended. */
export function resultOf({ diff }: NodeContainers, id: string): CollectResult | null | undefined {
  return diff.outcomes.find(({ planned }) => planned.artifact.endsWith(`/${id}`))?.result;
}

/** What the diff says of a container. */
export function entriesAt({ diff }: NodeContainers, id: string): readonly DiffEntry[] {
  const path = diff.sink.paths().find((one) => one.endsWith(`.${id.slice(0, 12)}/entries.jsonl`));
  if (path === undefined) throw new Error(`no diff of ${id}`);
  return linesAt(diff, path).map((line) => diffEntrySchema.parse(line));
}

/** Places on a filesystem, and the times that the kernel alone sets, or that reading sets. */
const NOT_COPIED = new Set(['atime', 'inode', 'device', 'allocatedBytes', 'ctime', 'btime', 'nlink']);

/** What of the entries a copy of the disk must have as well. */
export function diffEntries(entries: readonly DiffEntry[]): object[] {
  const inLayers = entries.filter(({ volume }) => volume === undefined);
  return inLayers.map((entry) => Object.fromEntries(Object.entries(entry).filter(([key]) => !NOT_COPIED.has(key))));
}

/** Paths of the layers by what became of them, sorted. */
export function classesOf(entries: readonly DiffEntry[]): (...classes: DiffEntry['class'][]) => string[] {
  const inLayers = entries.filter(({ volume }) => volume === undefined);
  return (...classes) => inLayers.flatMap((entry) => (classes.includes(entry.class) ? [entry.path] : [])).toSorted();
}

/** What views of the node do not agree on about these containers: others may run beside the tests. */
export function disagreements({ metadata }: NodeContainers, ids: readonly string[]): object[] {
  const path = 'data/derived/nodes/node-1/container-views.jsonl';
  if (!metadata.sink.paths().includes(path)) return [];
  return derivedLines(metadata, 'container-views.jsonl').filter(({ containerId }) => ids.includes(String(containerId)));
}

/** Lines of `data/derived/nodes/node-1/<file>`. */
export function derivedLines(run: FakeRun, file: string): Readonly<Record<string, unknown>>[] {
  return linesAt(run, `data/derived/nodes/node-1/${file}`);
}
