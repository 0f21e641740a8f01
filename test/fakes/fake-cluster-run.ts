import type { PlannedArtifact } from '../../src/model/artifact.js';
import { assertOutcome } from '../../src/evidence/assert-outcome.js';
import { ExhibitError } from '../../src/model/errors.js';
import type { ClockRecord } from '../../src/model/request.js';
import type { NodeTarget, PodTarget } from '../../src/model/target.js';
import type {
  CollectContext,
  Collector,
  CollectorLimits,
  CollectResult,
  PlanContext,
  Targets,
} from '../../src/ports/collector.js';
import type { ClusterReader } from '../../src/ports/cluster-reader.js';
import { FakeSink } from './fake-cluster-sink.js';

export const NO_LIMITS: CollectorLimits = { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000 };

export interface FakeTargets extends Partial<Omit<Targets, 'pods'>> {
  readonly podList?: readonly PodTarget[];
}

export function fakeTargets({ podList = [], ...rest }: FakeTargets = {}): Targets {
  return {
    nodes: [],
    namespaces: ['default'],
    resources: [],
    unreachableGroups: [],
    ...rest,
    async *pods() {
      await Promise.resolve();
      yield* podList;
    },
  };
}

export const fakeNode = (name: string): NodeTarget => ({ name, uid: `uid-of-${name}`, machineId: '', ready: true });

export interface FakeRunOptions {
  readonly collector: Collector;
  readonly cluster: ClusterReader;
  readonly targets: Targets;
  readonly limits?: Partial<CollectorLimits>;
  readonly wholeCluster?: boolean;
  readonly signal?: AbortSignal;
  readonly sink?: FakeSink;
  /** Default: no way leads to any node. */
  readonly nodeAccess?: CollectContext['nodeAccess'];
  readonly changes?: NonNullable<CollectContext['changes']>;
}

export interface FakeOutcome {
  readonly planned: PlannedArtifact;
  /** `null` where `collect` threw. */
  readonly result: CollectResult | null;
  readonly error: unknown;
}

export interface FakeRun {
  readonly outcomes: readonly FakeOutcome[];
  readonly sink: FakeSink;
  readonly clocks: readonly ClockRecord[];
}

/** Plans and reads one after another, what is discovered included, as the executor does. */
export async function runCollector(options: FakeRunOptions): Promise<FakeRun> {
  const { collector, cluster, targets, wholeCluster = false, signal = new AbortController().signal } = options;
  const plan: PlanContext = { targets, limits: { ...NO_LIMITS, ...options.limits }, wholeCluster };
  const sink = options.sink ?? new FakeSink();
  const clocks: ClockRecord[] = [];
  const queue: PlannedArtifact[] = [];
  const known = new Set<string>();
  const enqueue = (planned: PlannedArtifact): void => {
    if (known.has(planned.artifact)) return;
    known.add(planned.artifact);
    // The queue is a file: only JSON survives it.
    queue.push(JSON.parse(JSON.stringify(planned)) as PlannedArtifact);
  };
  const context: CollectContext = {
    ...plan,
    cluster,
    sink,
    signal,
    ...(options.changes === undefined ? {} : { changes: options.changes }),
    clock: { nowMs: () => 0, monoUs: () => 0, bootId: () => 'fake' },
    nodeAccess:
      options.nodeAccess ?? (async () => await Promise.reject(new ExhibitError('NODE_ACCESS_REFUSED', 'no way'))),
    discover: async (planned) => enqueue(planned),
    recordClock: async (record) => void clocks.push(record),
    emit: () => undefined,
  };
  for await (const planned of collector.plan(plan)) enqueue(planned);
  const outcomes: FakeOutcome[] = [];
  for (let planned = queue.shift(); planned !== undefined; planned = queue.shift()) {
    try {
      const result = await collector.collect(planned, context);
      outcomes.push({ planned, result, error: null });
      assertOutcome({ artifact: planned.artifact, ...result }, sink.hasPayload(planned.artifact));
    } catch (error) {
      outcomes.push({ planned, result: null, error });
    }
  }
  return { outcomes, sink, clocks };
}

/** The outcome of one artifact; throws when there is not exactly one. */
export function outcomeOf(run: FakeRun, artifact: string): CollectResult {
  const found = run.outcomes.filter(({ planned }) => planned.artifact === artifact);
  const only = found[0];
  if (found.length !== 1 || only === undefined) {
    throw new Error(
      `${String(found.length)} outcomes of ${artifact}; there are ${run.outcomes.map((one) => one.planned.artifact).join(', ')}`,
    );
  }
  if (only.result === null) throw only.error;
  return only.result;
}
