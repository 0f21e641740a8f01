import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { NOT_STATED } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import { VOLATILITIES } from '../../model/artifact.js';
import { parseInstant } from '../../lib/clock.js';
import type { OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { Collector, PlanContext } from '../../ports/collector.js';
import type { CollectDeps } from '../collect-request.js';
import type { CollectSummary } from '../collect-summary.js';
import { thawTargets } from '../targets/freeze-targets.js';
import type { FrozenTargets } from '../targets/freeze-targets.js';
import { ClockLedger } from './clock-ledger.js';
import { CustodyStamps } from './custody-stamps.js';
import { executePlan } from './execute-plan.js';
import { HEARTBEAT_MS, withHeartbeat } from './heartbeat.js';
import type { NodeLadder } from './node-ladder.js';
import { openChanges, openLadder } from './open-ladder.js';
import { PlanQueue } from './plan-queue.js';
import { planScopeGaps } from './plan-scope-gaps.js';
import { runDirectoryOf, writeRunState } from './run-state.js';
import type { RunState } from './run-state.js';
import { openingOf, preflightOf, scopeOf } from './run-opening.js';
import type { Seen } from './run-opening.js';
import { openSource } from './run-source.js';
import type { RunSource } from './run-source.js';
import { selectCollectors } from './select-collectors.js';
import { summarizeRun } from './summarize-run.js';
import { announceLosses } from './announce-losses.js';
import { writePlan } from './write-plan.js';

/** Names that a custody entry lists; all of them are in the plan. */
const MAX_NAMED = 500;
const MAX_DETAIL_LENGTH = 1000;

export interface RunOptions {
  readonly deps: CollectDeps;
  readonly openCase: OpenCase;
  readonly exhibit: ExhibitSpool;
  readonly state: RunState;
}

/** One collection into an exhibit, from any stage that an earlier process left it in. */
export class Run {
  readonly #deps: CollectDeps;
  readonly #openCase: OpenCase;
  readonly #exhibit: ExhibitSpool;
  readonly #clocks: ClockLedger;
  readonly #stamps: CustodyStamps;
  readonly #directory: string;
  readonly #collectors: readonly Collector[];
  #state: RunState;
  #already = 0;

  constructor({ deps, openCase, exhibit, state }: RunOptions) {
    this.#deps = deps;
    this.#openCase = openCase;
    this.#exhibit = exhibit;
    this.#clocks = new ClockLedger(exhibit, deps.io);
    const { clock, io, signal, timestampers = [] } = deps;
    this.#stamps = new CustodyStamps({ exhibit, timestampers, clocks: this.#clocks, clock, io, signal });
    this.#state = state;
    this.#directory = runDirectoryOf(exhibit.runDirectory, state.run);
    this.#collectors = selectCollectors(deps.collectors, state.request);
  }

  async execute(): Promise<CollectSummary> {
    const { deps } = this;
    const source = await openSource(this.#state.request, deps, this.#exhibit.requestLog);
    const { cluster } = source;
    const queue = new PlanQueue(this.#directory);
    try {
      const seen = await source.identify(this.#exhibit.opening()?.scope?.clusterUid ?? null);
      const targets = await this.#freeze(source);
      await this.#open(seen, targets);
      await this.#whileStamping(async () => {
        const context = this.#planContext(targets);
        await this.#plan(queue, context, targets);
        const { heartbeatMs: everyMs = HEARTBEAT_MS } = deps;
        const beat = { exhibit: this.#exhibit, clocks: this.#clocks, stamps: this.#stamps, cluster, everyMs };
        await withHeartbeat(beat, () => this.#read({ cluster, queue, context }));
      });
      const clock = await source.clock();
      if (clock !== null) await this.#clocks.record(clock);
      await this.#advance({ ...this.#state, stage: 'finished' });
    } catch (error) {
      await this.#recordEnd(error);
      await this.#forgetUnbegun();
      throw error;
    } finally {
      await queue.close();
      await cluster.close();
    }
    return await summarizeRun(this.#exhibit, this.#openCase.file.caseId, this.#already);
  }

  /** What vanishes does not wait for an authority of time; the run does, before it ends. */
  async #whileStamping(work: () => Promise<void>): Promise<void> {
    const stamping = this.#stamps.opening();
    stamping.catch(() => undefined);
    await work().finally(async () => await stamping.catch(() => undefined));
    await stamping;
  }

  get deps(): CollectDeps {
    return this.#deps;
  }

  /**
   * The exhibit's first custody line: who, where, with what, on whose authority. Written once the targets are known, so that a name
   * that does not exist leaves nothing behind; a later run into the same exhibit widens the scope that will be signed.
   */
  async #open(seen: Seen, targets: FrozenTargets): Promise<void> {
    const { identity, clusterUid, facts } = seen;
    const opening = this.#exhibit.opening();
    const where = { clusterUid, apiServer: facts?.server ?? null };
    const scope = scopeOf(this.#state.request, opening?.scope ?? null, where);
    const { authority } = this.#openCase.file;
    if (opening === null) {
      await this.#exhibit.writeOpening(openingOf(seen, this.#state.request, { scope, authority, deps: this.deps }));
    }
    if (opening !== null && !isDeepStrictEqual(opening.scope, scope)) {
      await this.#exhibit.updateOpening({ ...opening, scope });
    }
    await this.#exhibit.custody.append('preflight', preflightOf(seen, this.#state));
    if (identity.clock !== null) await this.#clocks.record(identity.clock);
    if (targets.excludedByAuthority > 0) {
      const count = targets.excludedByAuthority;
      this.deps.io.emit(
        'COLLECT_NARROWED',
        `${count === 1 ? '1 pod or node is' : `${String(count)} pods or nodes are`} left out: beyond the limits of the authority`,
        {
          excludedByAuthority: count,
        },
      );
    }
  }

  /** A run that never came to know its targets has nothing to resume. */
  async #forgetUnbegun(): Promise<void> {
    if (this.#state.targets !== null) return;
    try {
      await this.#advance({ ...this.#state, stage: 'finished' });
    } catch {
      // The disk may be the very reason; then the run is begun anew by `resume`, which finds the same.
    }
  }

  async #freeze(source: RunSource): Promise<FrozenTargets> {
    if (this.#state.targets !== null) return this.#state.targets;
    const { authority } = this.#openCase.file;
    const targets = await source.freeze({ authority, collectors: this.#collectors, directory: this.#directory });
    await this.#advance({ ...this.#state, stage: 'frozen', targets });
    return targets;
  }

  #planContext(targets: FrozenTargets): PlanContext {
    const { request } = this.#state;
    return { targets: thawTargets(targets, this.#directory), limits: request.limits, wholeCluster: request.scope.all };
  }

  async #plan(queue: PlanQueue, context: PlanContext, targets: FrozenTargets): Promise<void> {
    const { io, clock } = this.deps;
    if (this.#state.stage === 'planned') return;
    for (const tier of VOLATILITIES)
      await rm(join(this.#directory, `queue-${tier.toLowerCase()}.jsonl`), { force: true });
    await planScopeGaps(targets, this.#exhibit, clock);
    const plan = await writePlan({ exhibit: this.#exhibit, queue, collectors: this.#collectors, context, clock });
    this.#already = plan.already;
    await this.#exhibit.custody.append('plan', {
      run: this.#state.run,
      planned: plan.planned,
      already: plan.already,
      scope: this.#state.request.scope,
      namespaces: targets.namespaces === 'all' ? 'all' : targets.namespaces.slice(0, MAX_NAMED),
      nodes: targets.nodes.slice(0, MAX_NAMED).map((node) => node.name),
      counts: {
        namespaces: targets.namespaces === 'all' ? null : targets.namespaces.length,
        nodes: targets.nodes.length,
        pods: targets.pods,
      },
      excludedByAuthority: targets.excludedByAuthority,
    });
    await this.#advance({ ...this.#state, stage: 'planned' });
    if (plan.already > 0) {
      io.emit(
        'COLLECT_ALREADY',
        `${String(plan.already)} artifacts are already in ${this.#exhibit.exhibitId}; seal it to look at them a second time`,
      );
    }
    io.emit('COLLECT_PLAN', planSentence(plan.planned), { planned: plan.planned });
    if (this.#state.request.withoutCluster === null) await announceLosses(context.targets, io);
  }

  async #read(reading: { cluster: RunSource['cluster']; queue: PlanQueue; context: PlanContext }): Promise<void> {
    const { authority } = this.#openCase.file;
    const notAfter = authority === NOT_STATED ? undefined : authority.limits.notAfter;
    const { nodes } = reading.context.targets;
    const ladder = await openLadder(this.#state.request, this.deps, { exhibit: this.#exhibit, nodes });
    try {
      await this.#work(reading, ladder, notAfter);
    } finally {
      await ladder.close();
    }
  }

  async #work(
    reading: { cluster: RunSource['cluster']; queue: PlanQueue; context: PlanContext },
    ladder: NodeLadder,
    notAfter: string | undefined,
  ): Promise<void> {
    const changes = await openChanges(this.#state.request, this.deps, this.#exhibit);
    await executePlan({
      ...reading,
      ...(changes === undefined ? {} : { changes }),
      ...(this.deps.beforeTier === undefined ? {} : { beforeTier: this.deps.beforeTier }),
      ladder,
      exhibit: this.#exhibit,
      clocks: this.#clocks,
      collectors: new Map(this.deps.collectors.map((collector) => [collector.id, collector])),
      clock: this.deps.clock,
      io: this.deps.io,
      signal: this.deps.signal,
      notAfterMs: notAfter === undefined ? null : (parseInstant(notAfter) ?? null),
    });
  }

  async #recordEnd(error: unknown): Promise<void> {
    if (this.#exhibit.opening() === null) return;
    const code = error instanceof ExhibitError ? error.code : 'INTERNAL';
    const event = code === 'INTERRUPTED' || code === 'TERMINATED' ? 'interrupted' : 'error';
    try {
      await this.#exhibit.custody.append(event, {
        run: this.#state.run,
        code,
        detail: error instanceof Error ? error.message.slice(0, MAX_DETAIL_LENGTH) : '',
      });
    } catch {
      // The disk may be the very reason: the error that ended the run says more than this one.
    }
  }

  async #advance(state: RunState): Promise<void> {
    this.#state = state;
    await writeRunState(this.#exhibit.runDirectory, state);
  }
}

function planSentence(planned: Readonly<Record<string, number>>): string {
  const parts = Object.entries(planned).map(([id, count]) => `${id} ${String(count)}`);
  return `planned: ${parts.join(', ')}`;
}
