import type { PlannedArtifact, Volatility } from '../model/artifact.js';
import type { MessageCode } from '../model/message.js';
import type { OutcomeRecord } from '../model/outcome.js';
import type { ClockRecord } from '../model/request.js';
import type { ApiResource, NodeTarget, PodTarget } from '../model/target.js';
import type { ClusterReader } from './cluster-reader.js';
import type { ActionRecord } from './action-record.js';
import type { Clock } from './clock.js';
import type { ContainerCheckpointer } from './container-checkpointer.js';
import type { EvidenceSink } from './evidence-sink.js';
import type { NodeAccess } from './node-access.js';

/** A right that a collector uses. docs/permissions.md and templates/rbac are generated from these. */
export interface Permission {
  /** `''` is the core group, `'*'` every group. Empty with `nonResourceUrl`. */
  readonly apiGroup: string;
  /** `pods`, `pods/log`, `nodes/proxy`, `'*'`. */
  readonly resource: string;
  readonly verbs: readonly ('get' | 'list' | 'create')[];
  readonly nonResourceUrl?: string;
  /** Used only with `--all`. */
  readonly onlyWholeCluster?: boolean;
  readonly why: string;
}

/** The frozen targets of a run. Names are the server's and untrusted. */
export interface Targets {
  readonly nodes: readonly NodeTarget[];
  /** Namespaces in scope, sorted; `'all'` = every one. */
  readonly namespaces: 'all' | readonly string[];
  /** Sorted by group, version, resource; one version per resource (the preferred one). */
  readonly resources: readonly ApiResource[];
  /** Groups whose discovery failed, with the reason. */
  readonly unreachableGroups: readonly { readonly group: string; readonly reason: string }[];
  /** Pods in scope, read from the frozen list; may be walked several times. */
  pods(): AsyncIterable<PodTarget>;
}

/** From the profile, already validated by the collector's own schema where it has one. */
export interface CollectorLimits {
  /** Bytes per pod log; `null` = no cap. */
  readonly maxLogBytes: number | null;
  /** Only log lines since this instant (RFC 3339), `null` = all that the kubelet holds. */
  readonly sinceTime: string | null;
  /** Silence of a source after which it counts as dead, milliseconds. */
  readonly idleTimeoutMs: number;
  /** For how long statistics are sampled, seconds; 0 and absent = not at all. */
  readonly statsSeconds?: number | undefined;
  /** Containers whose memory is to be taken: `NAMESPACE/POD` or `NAMESPACE/POD/CONTAINER`. Empty and absent = none. */
  readonly checkpoints?: readonly string[] | undefined;
  /** The memory of the nodes is to be taken; absent = not. */
  readonly memory?: boolean | undefined;
}

export interface PlanContext {
  readonly targets: Targets;
  readonly limits: CollectorLimits;
  /** `--all` was given. */
  readonly wholeCluster: boolean;
}

export interface CollectContext extends PlanContext {
  readonly cluster: ClusterReader;
  readonly sink: EvidenceSink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /**
   * The way to a node in scope; the same one for all that ask, closed by the executor. Throws `NODE_ACCESS_REFUSED` when no rung of the
   * ladder leads there: the artifact is `denied` with the last refusal's reason.
   */
  nodeAccess(node: string): Promise<NodeAccess>;
  /** For what cannot be had without changing something; absent where nothing of the kind was asked for. */
  readonly changes?: { readonly checkpointer: ContainerCheckpointer; readonly record: ActionRecord };
  /** Appends an artifact that the source itself made known; it gets its own plan line and outcome. Ignored when the key is already planned. */
  discover(planned: PlannedArtifact): Promise<void>;
  recordClock(record: ClockRecord): Promise<void>;
  emit(code: MessageCode, text: string, data?: Readonly<Record<string, unknown>>): void;
}

/** What `collect` says of its artifact; the executor adds key, collector, required and time. */
export type CollectResult = Pick<OutcomeRecord, 'outcome' | 'reason' | 'detail' | 'proof'> & {
  readonly attempts?: number;
};

/** One folder under src/collectors. */
export interface Collector {
  readonly id: string;
  readonly title: string;
  /** Markdown for docs/collectors.md: what it takes, from where, what it cannot see. */
  readonly doc: string;
  readonly volatility: Volatility;
  readonly tags: readonly string[];
  /** Planned only with `--kubelet`: it needs nodes/proxy. */
  readonly needsKubelet: boolean;
  /** Planned only where a way to run scripts on the node was asked for (`--node-access`); default false. */
  readonly needsNodeAccess?: boolean;
  /** What of the targets it walks; the rest is not fetched for it. */
  readonly needs: readonly ('nodes' | 'pods' | 'resources')[];
  readonly permissions: readonly Permission[];
  /** Pure: no network, no disk. Deterministic order. */
  plan(context: PlanContext): AsyncIterable<PlannedArtifact>;
  /**
   * Reads one artifact. Returns its outcome; what it throws becomes `denied`, `failed` or `partial` by the executor.
   * `collected` only with positive proof of completeness, recorded in `proof`. Opens items under `data/` only through the sink and
   * commits or aborts each of them before it returns.
   */
  collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult>;
}
