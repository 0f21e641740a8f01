import type { PlanRecord } from '../../model/artifact.js';
import { VOLATILITIES } from '../../model/artifact.js';
import type { Volatility } from '../../model/artifact.js';
import { toRfc3339 } from '../../lib/clock.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { Clock } from '../../ports/clock.js';
import type { Collector, PlanContext } from '../../ports/collector.js';
import type { PlanQueue, QueuedArtifact } from './plan-queue.js';

const BATCH = 512;

export interface WrittenPlan {
  /** Newly planned, by collector. */
  readonly planned: Readonly<Record<string, number>>;
  /** Known from an earlier run of the same exhibit and already with an outcome. */
  readonly already: number;
}

interface WritePlanOptions {
  readonly exhibit: ExhibitSpool;
  readonly queue: PlanQueue;
  readonly collectors: readonly Collector[];
  readonly context: PlanContext;
  readonly clock: Clock;
}

/**
 * Writes queue and plan, queue first: a crash between the two leaves work that the executor plans before it reads it, never a plan that
 * nobody works on.
 */
export async function writePlan(options: WritePlanOptions): Promise<WrittenPlan> {
  const { exhibit, queue, collectors, context, clock } = options;
  const planned: Record<string, number> = {};
  let already = 0;
  const batch = new PlanBatch(exhibit, queue);
  for (const collector of collectors) {
    planned[collector.id] = 0;
    for await (const artifact of collector.plan(context)) {
      if (exhibit.hasOutcome(artifact.artifact) || batch.has(artifact.artifact)) {
        already += 1;
        continue;
      }
      planned[collector.id] = (planned[collector.id] ?? 0) + 1;
      const record: PlanRecord | null = exhibit.hasPlan(artifact.artifact)
        ? null
        : {
            artifact: artifact.artifact,
            collector: collector.id,
            required: artifact.required,
            source: artifact.source,
            plannedAt: toRfc3339(clock.nowMs()),
          };
      await batch.add(
        artifact.volatility ?? collector.volatility,
        { collector: collector.id, planned: artifact },
        record,
      );
    }
  }
  await batch.flush();
  return { planned, already };
}

class PlanBatch {
  readonly #exhibit: ExhibitSpool;
  readonly #queue: PlanQueue;
  #records: PlanRecord[] = [];
  readonly #keys = new Set<string>();
  readonly #queued = new Map<Volatility, QueuedArtifact[]>();

  constructor(exhibit: ExhibitSpool, queue: PlanQueue) {
    this.#exhibit = exhibit;
    this.#queue = queue;
  }

  has(artifact: string): boolean {
    return this.#keys.has(artifact);
  }

  async add(tier: Volatility, entry: QueuedArtifact, record: PlanRecord | null): Promise<void> {
    if (record !== null) this.#records.push(record);
    this.#keys.add(entry.planned.artifact);
    const queued = this.#queued.get(tier) ?? [];
    queued.push(entry);
    this.#queued.set(tier, queued);
    if (this.#keys.size >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    for (const tier of VOLATILITIES) await this.#queue.append(tier, this.#queued.get(tier) ?? []);
    this.#queued.clear();
    await this.#exhibit.planMany(this.#records);
    this.#records = [];
    this.#keys.clear();
  }
}
