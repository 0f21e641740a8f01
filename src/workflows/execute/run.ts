import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NOT_STATED } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import { completenessOf } from '../../evidence/completeness.js';
import { emptyOutcomeCounts, isGap } from '../../model/outcome.js';
import type { OutcomeCounts } from '../../model/outcome.js';
import { VOLATILITIES } from '../../model/artifact.js';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import type { OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { Collector, PlanContext } from '../../ports/collector.js';
import type { CollectDeps } from '../collect-request.js';
import type { CollectSummary } from '../collect-summary.js';
import { observeIdentity } from '../observe-identity.js';
import { freezeTargets, readClusterUid, thawTargets } from '../targets/freeze-targets.js';
import type { FrozenTargets } from '../targets/freeze-targets.js';
import { executePlan } from './execute-plan.js';
import { PlanQueue } from './plan-queue.js';
import { runDirectoryOf, writeRunState } from './run-state.js';
import type { RunState } from './run-state.js';
import { selectCollectors } from './select-collectors.js';
import { announceLosses } from './announce-losses.js';
import { writePlan } from './write-plan.js';

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
  readonly #directory: string;
  readonly #collectors: readonly Collector[];
  #state: RunState;
  #already = 0;

  constructor({ deps, openCase, exhibit, state }: RunOptions) {
    this.#deps = deps;
    this.#openCase = openCase;
    this.#exhibit = exhibit;
    this.#state = state;
    this.#directory = runDirectoryOf(exhibit.runDirectory, state.run);
    this.#collectors = selectCollectors(deps.collectors, state.request);
  }

  async execute(): Promise<CollectSummary> {
    const { deps } = this;
    const cluster = await deps.connect(this.#exhibit.requestLog);
    const queue = new PlanQueue(this.#directory);
    try {
      await this.#open(cluster);
      const targets = await this.#freeze(cluster);
      const context = this.#planContext(targets);
      await this.#plan(queue, context, targets);
      await this.#read({ cluster, queue, context });
      const { clock } = await observeIdentity(cluster, 'during');
      if (clock !== null) await this.#exhibit.clock(clock);
      await this.#advance({ ...this.#state, stage: 'finished' });
    } catch (error) {
      await this.#recordEnd(error);
      throw error;
    } finally {
      await queue.close();
      await cluster.close();
    }
    return await this.#summary();
  }

  get deps(): CollectDeps {
    return this.#deps;
  }

  /** The exhibit's first custody line: who, where, with what, on whose authority. */
  async #open(cluster: ClusterReader): Promise<void> {
    const { deps } = this;
    const { request } = this.#state;
    const identity = await observeIdentity(cluster, 'open');
    const clusterUid = await readClusterUid(cluster, deps.signal);
    const opening = this.#exhibit.opening();
    const known = opening?.scope?.clusterUid ?? null;
    if (known !== null && clusterUid !== null && known !== clusterUid) {
      throw new ExhibitError('TARGET_REPLACED', `the exhibit was begun on cluster ${known}; this is ${clusterUid}`, {
        subject: cluster.facts.server,
        hints: ['exhibit seal', 'kubectl config get-contexts'],
      });
    }
    if (opening === null) {
      await this.#exhibit.writeOpening({
        scope: {
          ...request.scope,
          nodes: [...request.scope.nodes],
          pods: [...request.scope.pods],
          namespaces: [...request.scope.namespaces],
          kubelet: request.kubelet,
          profile: request.profileName,
          clusterUid,
          apiServer: cluster.facts.server,
        },
        authority: this.#openCase.file.authority,
        operator: {
          apiIdentity: identity.apiIdentity,
          cloudIdentity: null,
          osUser: deps.os.user,
          host: deps.os.host,
        },
        tool: deps.tool,
        connection: cluster.facts,
        profileText: request.profileText,
        configText: request.configText,
      });
    }
    await this.#exhibit.custody.append('preflight', {
      run: this.#state.run,
      identity: identity.apiIdentity?.username ?? null,
      identityUnknownBecause: identity.unknownBecause,
      clusterUid,
      server: cluster.facts.server,
      insecureTls: cluster.facts.insecure,
    });
    if (identity.clock !== null) await this.#exhibit.clock(identity.clock);
  }

  async #freeze(cluster: ClusterReader): Promise<FrozenTargets> {
    if (this.#state.targets !== null) return this.#state.targets;
    const { authority } = this.#openCase.file;
    const targets = await freezeTargets({
      scope: this.#state.request.scope,
      limits: authority === NOT_STATED ? {} : authority.limits,
      collectors: this.#collectors,
      cluster,
      signal: this.deps.signal,
      directory: this.#directory,
    });
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
    await this.#planScopeGaps(targets);
    const plan = await writePlan({ exhibit: this.#exhibit, queue, collectors: this.#collectors, context, clock });
    this.#already = plan.already;
    await this.#exhibit.custody.append('plan', {
      run: this.#state.run,
      planned: plan.planned,
      already: plan.already,
      scope: this.#state.request.scope,
      namespaces: targets.namespaces,
      nodes: targets.nodes.map((node) => node.name),
      pods: targets.pods,
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
    await announceLosses(context.targets, io);
  }

  /** What could not even be enumerated is a gap of its own, so that nobody takes a short plan for a small cluster. */
  async #planScopeGaps(targets: FrozenTargets): Promise<void> {
    const gaps = [
      ...targets.incomplete.map((detail, index) => ({
        artifact: `scope/list-${String(index + 1)}`,
        detail,
        reason: 'not-enumerated',
      })),
      ...targets.unreachableGroups.map(({ group, reason }) => ({
        artifact: `scope/group-${group}`,
        detail: reason,
        reason: 'discovery-failed',
      })),
    ];
    for (const { artifact, detail, reason } of gaps) {
      if (this.#exhibit.hasPlan(artifact)) continue;
      const at = toRfc3339(this.deps.clock.nowMs());
      await this.#exhibit.plan({ artifact, collector: 'scope', required: true, source: 'discovery', plannedAt: at });
      await this.#exhibit.outcome({
        artifact,
        collector: 'scope',
        required: true,
        outcome: 'failed',
        reason,
        detail,
        proof: {},
        attempts: 1,
        at,
      });
    }
  }

  async #read(reading: { cluster: ClusterReader; queue: PlanQueue; context: PlanContext }): Promise<void> {
    const { authority } = this.#openCase.file;
    const notAfter = authority === NOT_STATED ? undefined : authority.limits.notAfter;
    await executePlan({
      ...reading,
      exhibit: this.#exhibit,
      collectors: new Map(this.deps.collectors.map((collector) => [collector.id, collector])),
      clock: this.deps.clock,
      io: this.deps.io,
      signal: this.deps.signal,
      notAfterMs: notAfter === undefined ? null : (parseInstant(notAfter) ?? null),
    });
  }

  async #recordEnd(error: unknown): Promise<void> {
    const code = error instanceof ExhibitError ? error.code : 'INTERNAL';
    const event = code === 'INTERRUPTED' || code === 'TERMINATED' ? 'interrupted' : 'error';
    try {
      await this.#exhibit.custody.append(event, {
        run: this.#state.run,
        code,
        detail: error instanceof Error ? error.message : '',
      });
    } catch {
      // The disk may be the very reason: the error that ended the run says more than this one.
    }
  }

  async #advance(state: RunState): Promise<void> {
    this.#state = state;
    await writeRunState(this.#exhibit.runDirectory, state);
  }

  async #summary(): Promise<CollectSummary> {
    const counts = this.#exhibit.counts();
    const gaps: CollectSummary['gaps'][number][] = [];
    let gapsTotal = 0;
    for await (const record of this.#exhibit.readOutcomes()) {
      if (!isGap(record)) continue;
      gapsTotal += 1;
      if (gaps.length < 50) {
        gaps.push({ artifact: record.artifact, outcome: record.outcome, reason: record.reason, detail: record.detail });
      }
    }
    const outcomes: OutcomeCounts = { ...emptyOutcomeCounts(), ...counts.outcomes };
    return {
      caseId: this.#openCase.file.caseId,
      exhibitId: this.#exhibit.exhibitId,
      completeness: completenessOf(outcomes, gapsTotal),
      outcomes,
      planned: counts.planned,
      gaps,
      gapsTotal,
      items: counts.items,
      payloadBytes: counts.payloadBytes,
      already: this.#already,
    };
  }
}

function planSentence(planned: Readonly<Record<string, number>>): string {
  const parts = Object.entries(planned).map(([id, count]) => `${id} ${String(count)}`);
  return `planned: ${parts.join(', ')}`;
}
