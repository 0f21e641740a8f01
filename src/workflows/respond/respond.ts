import { ExhibitError } from '../../model/errors.js';
import { parseInstant } from '../../lib/clock.js';
import type { CollectDeps } from '../collect-request.js';
import type { CollectSummary } from '../collect-summary.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import type { QuarantineDeps } from '../quarantine/run-quarantine.js';
import { checkAuthority } from '../targets/scope-request.js';
import { collectVanishing } from './collect-parts.js';
import { containWhole, earlySteps, holdOnly, protectFirst } from './containment.js';
import { lossOf } from './loss-of.js';
import { PhaseLog, type PhaseEnd } from './phase-log.js';
import { type Phase, type PhaseRecord, PHASES, type RespondState } from './respond-state.js';
import { TieredCollection } from './tiered-collection.js';

/** What was asked of a cloud: one line for each set of snapshots, and for each that could not be had. */
export interface SnapshotsCalled {
  readonly made: readonly string[];
  readonly failed: readonly string[];
}

/** Calls for snapshots of the volumes of the nodes and returns when they are under way; it does not wait for them. */
export type SnapshotCall = (prepared: Pick<PreparedQuarantine, 'scene'>) => Promise<SnapshotsCalled>;

/** A sealed exhibit. `gaps` of required artifacts. */
export interface Sealed {
  readonly archivePath: string;
  readonly receiptPath: string;
  readonly gaps: number;
}

export interface RespondDeps {
  readonly collect: CollectDeps;
  readonly containment: QuarantineDeps;
  /** `null` = no cloud is there to be asked. */
  readonly snapshot: SnapshotCall | null;
  /** Of the exhibit, once this process has given the case back. */
  readonly seal: () => Promise<Sealed>;
}

/** `prepared`: as it was confirmed; an error where it could not be planned again. */
export interface RespondOrder {
  readonly state: RespondState;
  readonly prepared: PreparedQuarantine | ExhibitError;
  readonly record: ContainmentRecord;
}

export interface RespondSummary {
  readonly state: RespondState;
  /** Of this process; `null` = it had no part in the collection. */
  readonly collected: CollectSummary | null;
  readonly sealed: Sealed | null;
}

/** Of phases that an earlier process ended short, those that are worth another try. */
const TRIED_AGAIN: ReadonlySet<Phase> = new Set<Phase>(['protect', 'snapshot', 'contain', 'seal']);

function isKept({ phase, outcome }: PhaseRecord): boolean {
  return !TRIED_AGAIN.has(phase) || outcome === 'done' || outcome === 'skipped';
}

class Response {
  readonly #deps: RespondDeps;
  readonly #order: RespondOrder;
  readonly #log: PhaseLog;
  /** Of what is read, where something beside it cannot go on. */
  readonly #stop = new AbortController();
  #collected: CollectSummary | null = null;

  constructor(order: RespondOrder, deps: RespondDeps) {
    this.#order = order;
    this.#deps = deps;
    const { clock, io } = deps.collect;
    const state = { ...order.state, phases: order.state.phases.filter(isKept) };
    this.#log = new PhaseLog({ state, record: order.record, clock, io });
  }

  async run(): Promise<RespondSummary> {
    const { record, prepared } = this.#order;
    const log = this.#log;
    let sealed: Sealed | null = null;
    try {
      await this.#openingNote();
      await log.run('vanishing', async () => await this.#vanishing());
      await log.run('protect', async () => await this.#protect());
      await this.#whileCopied(async () => {
        const { order, level } = log.state.request;
        const isEarly = order === 'contain-first' && level !== 'sever' && !(prepared instanceof ExhibitError);
        if (isEarly) await log.run('contain', async () => await this.#contain(() => undefined));
        await this.#tiers();
      });
    } finally {
      await record.close();
    }
    this.#deps.collect.signal.throwIfAborted();
    await log.run('seal', async () => {
      sealed = await this.#deps.seal();
      return { outcome: 'done', reason: sealed.archivePath };
    });
    return { state: log.state, collected: this.#collected, sealed };
  }

  /** The call for snapshots goes on beside what is read; nothing is sealed before both are at rest. Throws what stops a response. */
  async #whileCopied(read: () => Promise<void>): Promise<void> {
    const log = this.#log;
    const copied = log
      .run('snapshot', async () => await this.#snapshot())
      .then(
        () => null,
        (error: unknown) => {
          this.#stop.abort(error);
          return { error };
        },
      );
    try {
      await read();
    } finally {
      await copied;
    }
    const stopped = await copied;
    if (stopped !== null) throw stopped.error;
  }

  async #openingNote(): Promise<void> {
    const { exhibit, openCase } = this.#order.record;
    const { request, uids, confirmedAt } = this.#log.state;
    const { collect, containAfterMs, target, names, level, order } = request;
    const { scope, kubelet, nodeAccess } = collect;
    checkAuthority({ ...scope, kubelet, nodeAccess }, openCase.file.authority, this.#deps.collect.clock.nowMs());
    await exhibit.custody.append('operator-note', {
      note: 'response',
      ...{ target, names, uids, level, order, containAfterMs, confirmedAt },
      phases: [...PHASES],
    });
  }

  async #vanishing(): Promise<PhaseEnd> {
    const { record } = this.#order;
    const { isWhole } = await collectVanishing(this.#log.state, { record, deps: this.#quiet() });
    if (isWhole) return { outcome: 'done', reason: '' };
    return { outcome: 'partial', reason: 'the 10 s were over; the rest is read with the other tiers' };
  }

  async #protect(): Promise<PhaseEnd> {
    const { prepared, record } = this.#order;
    if (prepared instanceof ExhibitError) throw prepared;
    const count = earlySteps(prepared, this.#log.state.request);
    const { done, failed } = await protectFirst(prepared, record, { count, deps: this.#deps.containment });
    const steps = `${String(done)} of ${String(count)} steps`;
    return failed.length === 0
      ? { outcome: 'done', reason: steps }
      : { outcome: done === 0 ? 'failed' : 'partial', reason: [steps, ...failed].join('; ') };
  }

  async #snapshot(): Promise<PhaseEnd> {
    const { prepared } = this.#order;
    const { snapshot } = this.#deps;
    if (snapshot === null) return { outcome: 'skipped', reason: 'no cloud was named that could be asked' };
    if (prepared instanceof ExhibitError) throw prepared;
    const { made, failed } = await snapshot(prepared);
    if (failed.length === 0) return { outcome: 'done', reason: made.join('; ') };
    return { outcome: made.length === 0 ? 'failed' : 'partial', reason: [...failed, ...made].join('; ') };
  }

  async #contain(onApplied: () => void): Promise<PhaseEnd> {
    const { prepared, record } = this.#order;
    if (prepared instanceof ExhibitError) throw prepared;
    const loss = await lossOf(this.#log.state.request, prepared, record.exhibit);
    const deps = { ...this.#deps.containment, onApplied };
    const { contained, failed } = await (loss === null
      ? containWhole(prepared, record, deps)
      : holdOnly(prepared, record, { loss, deps }));
    await this.#log.update(() => ({ contained }));
    if (failed.length === 0) return { outcome: 'done', reason: `containment ${contained.verdict}` };
    return { outcome: 'partial', reason: [`containment ${contained.verdict}`, ...failed].join('; ') };
  }

  async #tiers(): Promise<void> {
    const log = this.#log;
    if (log.has('volatile') && log.has('contain') && log.has('rest')) return;
    const { record } = this.#order;
    const { clock } = this.#deps.collect;
    const { confirmedAt, request } = log.state;
    const deadlineMs = (parseInstant(confirmedAt) ?? 0) + request.containAfterMs;
    const collection = new TieredCollection({ log, record, deps: this.#quiet(), deadlineMs, clock });
    this.#collected = await collection.run(async (onApplied) => await this.#contain(onApplied));
  }

  /** That an artifact is there already is what several collections into one exhibit are about, and no news. */
  #quiet(): CollectDeps {
    const { collect } = this.#deps;
    const { io } = collect;
    return {
      ...collect,
      signal: AbortSignal.any([collect.signal, this.#stop.signal]),
      io: {
        emit: (code, text, data) => {
          if (code !== 'COLLECT_ALREADY') io.emit(code, text, data);
        },
        progress: (state) => {
          io.progress({ ...state, within: this.#within() });
        },
      },
    };
  }

  #within(): string {
    const { phases, request, confirmedAt } = this.#log.state;
    const running = phases.filter(({ outcome }) => outcome === null).map(({ phase }) => phase);
    const leftMs = (parseInstant(confirmedAt) ?? 0) + request.containAfterMs - this.#deps.collect.clock.nowMs();
    const waits = running.includes('volatile') && leftMs > 0;
    return `response: ${running.join(' and ')}${waits ? `; contains in ${String(Math.ceil(leftMs / 1000))} s at the latest` : ''}`;
  }
}

/**
 * A confirmed response, from wherever an earlier process left it: each phase in turn, none stopped by the failure of another, and the
 * exhibit sealed at the end. Throws `INTERRUPTED`, `TERMINATED`, `CLUSTER_UNAUTHENTICATED`, `STORAGE_*` and the like: it goes on then where
 * it stopped. Gives the case of `record` back in any event.
 */
export async function respond(order: RespondOrder, deps: RespondDeps): Promise<RespondSummary> {
  return await new Response(order, deps).run();
}
