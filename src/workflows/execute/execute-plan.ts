import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VOLATILITIES } from '../../model/artifact.js';
import type { PlannedArtifact, Volatility } from '../../model/artifact.js';
import { ExhibitError } from '../../model/errors.js';
import { isGap } from '../../model/outcome.js';
import type { OutcomeRecord } from '../../model/outcome.js';
import { toRfc3339 } from '../../lib/clock.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { Clock } from '../../ports/clock.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import type { Io } from '../../ports/io.js';
import { endsTheRun, outcomeOfError } from './outcome-of-error.js';
import type { ClockLedger } from './clock-ledger.js';
import type { NodeLadder } from './node-ladder.js';
import type { PlanQueue, QueuedArtifact } from './plan-queue.js';

/** Artifacts being read at once. Brakes for lists and streams are in the cluster adapter; this bounds memory. */
const MAX_IN_FLIGHT = 64;
/** So many artifacts in a row without reaching the API server mean that it is gone, not that they are. */
const MAX_UNREACHABLE_IN_A_ROW = 8;
const MAX_DETAIL_LENGTH = 500;
const NOTHING_OBTAINED: ReadonlySet<OutcomeRecord['outcome']> = new Set(['absent', 'denied', 'skipped']);

export interface ExecuteOptions {
  readonly exhibit: ExhibitSpool;
  readonly queue: PlanQueue;
  readonly collectors: ReadonlyMap<string, Collector>;
  readonly context: PlanContext;
  readonly cluster: ClusterReader;
  readonly clock: Clock;
  readonly clocks: ClockLedger;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly ladder: NodeLadder;
  readonly changes?: CollectContext['changes'];
  /** Awaited before the first artifact of a tier is begun, also of a tier that has none; default nothing. */
  readonly beforeTier?: (tier: Volatility) => Promise<void>;
  /** Nothing is begun after it (epoch milliseconds); the authority's limit. */
  readonly notAfterMs: number | null;
}

/**
 * Works through the queue, tier after tier. Every queued artifact ends in exactly one outcome, except when the run ends early:
 * then what has none is left for `resume`, and the error is thrown after everything in flight has come to rest.
 */
export async function executePlan(options: ExecuteOptions): Promise<void> {
  await new Execution(options).run();
}

class Execution {
  readonly #options: ExecuteOptions;
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();
  #tier: Volatility = 'V0';
  #fatal: unknown = null;
  #unreachable = 0;
  #gaps = 0;
  #lastError: string | null = null;

  constructor(options: ExecuteOptions) {
    this.#options = options;
    // As many as are in flight, each with several waits of its own: no leak.
    setMaxListeners(0, this.#abort.signal);
  }

  async run(): Promise<void> {
    const stop = (): void => {
      this.#stop(this.#options.signal.reason);
    };
    if (this.#options.signal.aborted) stop();
    this.#options.signal.addEventListener('abort', stop, { once: true });
    try {
      for (const tier of VOLATILITIES) {
        await this.#runTier(tier);
        if (this.#fatal !== null) break;
      }
    } finally {
      this.#options.signal.removeEventListener('abort', stop);
      await Promise.allSettled([...this.#inFlight.values()]);
    }
    if (this.#fatal !== null) throw this.#fatal as Error;
  }

  async #runTier(tier: Volatility): Promise<void> {
    await this.#options.beforeTier?.(tier);
    if (this.#isOver()) return;
    this.#tier = tier;
    let at = 0;
    let announced = false;
    for (;;) {
      let found = false;
      for await (const { entry, end } of this.#options.queue.read(tier, at)) {
        at = end;
        found = true;
        if (this.#options.exhibit.hasOutcome(entry.planned.artifact)) continue;
        if (!announced) this.#options.io.emit('COLLECT_PHASE', `tier ${tier}`, { tier });
        announced = true;
        while (this.#inFlight.size >= MAX_IN_FLIGHT) await Promise.race(this.#inFlight.values());
        if (this.#fatal !== null) return;
        this.#start(entry);
      }
      if (found) continue;
      if (this.#inFlight.size === 0) return;
      await Promise.race(this.#inFlight.values());
      await nextTurn();
    }
  }

  #start(entry: QueuedArtifact): void {
    const { artifact } = entry.planned;
    if (this.#inFlight.has(artifact)) return;
    this.#inFlight.set(
      artifact,
      this.#work(entry)
        .catch((error: unknown) => {
          this.#stop(error);
        })
        .finally(() => {
          this.#inFlight.delete(artifact);
        }),
    );
  }

  async #work(entry: QueuedArtifact): Promise<void> {
    await this.#planBeforeReading(entry.collector, entry.planned);
    const result = await this.#collect(entry);
    if (result === null) return;
    const record: OutcomeRecord = {
      artifact: entry.planned.artifact,
      collector: entry.collector,
      required: entry.planned.required,
      outcome: result.outcome,
      reason: result.reason,
      detail: result.detail.slice(0, MAX_DETAIL_LENGTH),
      proof: result.proof,
      attempts: result.attempts ?? 1,
      at: toRfc3339(this.#options.clock.nowMs()),
    };
    this.#report(await this.#record(record));
  }

  /** The spool refuses an outcome that contradicts what it holds; that is a bug of the collector, and its artifact's alone. */
  async #record(record: OutcomeRecord): Promise<OutcomeRecord> {
    const { exhibit } = this.#options;
    try {
      await exhibit.outcome(record);
      return record;
    } catch (error) {
      const refused =
        error instanceof ExhibitError && error.code === 'INTERNAL' && !exhibit.hasOutcome(record.artifact);
      if (!refused) throw error;
      // An attempt that a crash ended had kept something before this one found nothing: then a part was obtained.
      const hasItems = NOTHING_OBTAINED.has(record.outcome);
      const failed: OutcomeRecord = hasItems
        ? {
            ...record,
            outcome: 'partial',
            detail: `${record.detail} An earlier attempt had kept a part.`.slice(0, MAX_DETAIL_LENGTH),
          }
        : { ...record, ...outcomeOfError(error) };
      await exhibit.outcome(failed);
      return failed;
    }
  }

  async #collect(entry: QueuedArtifact): Promise<CollectResult | null> {
    const { collectors, notAfterMs, clock } = this.#options;
    const collector = collectors.get(entry.collector);
    if (collector === undefined) {
      return {
        outcome: 'skipped',
        reason: 'collector-gone',
        detail: 'this version of the program has no such collector',
        proof: {},
      };
    }
    if (notAfterMs !== null && clock.nowMs() > notAfterMs) {
      return {
        outcome: 'skipped',
        reason: 'authority-expired',
        detail: 'the time limit of the authority has passed',
        proof: {},
      };
    }
    try {
      const result = await collector.collect(entry.planned, this.#contextOf(entry));
      this.#unreachable = 0;
      return result;
    } catch (error) {
      if (endsTheRun(error) || this.#abort.signal.aborted) {
        this.#stop(error);
        return null;
      }
      return this.#survive(entry, error);
    }
  }

  #survive(entry: QueuedArtifact, error: unknown): CollectResult | null {
    if (error instanceof ExhibitError && error.code === 'CLUSTER_UNREACHABLE' && entry.planned.node === undefined) {
      this.#unreachable += 1;
      if (this.#unreachable >= MAX_UNREACHABLE_IN_A_ROW) {
        this.#stop(error);
        return null;
      }
    } else this.#unreachable = 0;
    const result = outcomeOfError(error);
    this.#lastError = result.detail;
    if (result.reason === 'internal') {
      this.#options.io.emit('COLLECT_GAP', `${entry.planned.artifact}: a bug of ours: ${result.detail}`, {
        artifact: entry.planned.artifact,
        stack: error instanceof Error ? (error.stack ?? '') : '',
      });
    }
    return result;
  }

  #contextOf(entry: QueuedArtifact): CollectContext {
    const { exhibit, context, cluster, clock, clocks, io, changes } = this.#options;
    return {
      ...context,
      cluster,
      ...(changes === undefined ? {} : { changes }),
      clock,
      sink: exhibit.sink,
      signal: this.#abort.signal,
      nodeAccess: async (node) => await this.#options.ladder.accessTo(node, this.#abort.signal),
      discover: async (planned) => {
        await this.#discover(entry.collector, planned);
      },
      recordClock: async (record) => {
        await clocks.record(record);
      },
      emit: (code, text, data) => {
        io.emit(code, text, data);
      },
    };
  }

  async #discover(collectorId: string, planned: PlannedArtifact): Promise<void> {
    const { exhibit, queue, collectors } = this.#options;
    if (exhibit.hasPlan(planned.artifact)) return;
    const own = planned.volatility ?? collectors.get(collectorId)?.volatility ?? this.#tier;
    await queue.append(own > this.#tier ? own : this.#tier, [{ collector: collectorId, planned }]);
    await this.#planBeforeReading(collectorId, planned);
  }

  /** The queue is written before the plan, so that a crash between the two loses nothing; what is read is planned all the same. */
  async #planBeforeReading(collectorId: string, planned: PlannedArtifact): Promise<void> {
    const { exhibit, clock } = this.#options;
    if (exhibit.hasPlan(planned.artifact)) return;
    await exhibit.plan({
      artifact: planned.artifact,
      collector: collectorId,
      required: planned.required,
      source: planned.source,
      plannedAt: toRfc3339(clock.nowMs()),
    });
  }

  #isOver(): boolean {
    return this.#fatal !== null;
  }

  #stop(reason: unknown): void {
    this.#fatal ??= reason ?? new ExhibitError('INTERRUPTED', 'the run was interrupted');
    this.#abort.abort(this.#fatal);
  }

  #report(record: OutcomeRecord): void {
    const { io, exhibit } = this.#options;
    const { artifact, outcome, reason, detail } = record;
    if (isGap(record)) {
      this.#gaps += 1;
      io.emit('COLLECT_GAP', `${artifact}: ${outcome}, ${reason}`, { artifact, outcome, reason, detail });
    } else io.emit('COLLECT_ARTIFACT', `${artifact}: ${outcome}`, { artifact, outcome, reason });
    const counts = exhibit.counts();
    io.progress({
      phase: `collect ${this.#tier}`,
      done: counts.outcomesTotal,
      total: counts.planned,
      bytes: counts.payloadBytes,
      current: [...this.#inFlight.keys()].slice(0, 3),
      gaps: this.#gaps,
      lastError: this.#lastError,
    });
  }
}
