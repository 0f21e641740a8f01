import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.js';
import type { CollectDeps } from '../collect-request.js';
import type { CollectSummary } from '../collect-summary.js';
import { summarizeRun } from '../execute/summarize-run.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import { collectMain, openMainRun } from './collect-parts.js';
import { type PhaseEnd, type PhaseLog, reasonOf, stopsResponse } from './phase-log.js';

/** The first tier that is not read from something that runs. */
const FIRST_LASTING_TIER = 'V4';

interface Options {
  readonly log: PhaseLog;
  readonly record: ContainmentRecord;
  readonly deps: CollectDeps;
  /** When containment waits no longer. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

type Ended = { readonly summary: CollectSummary } | { readonly error: unknown };
type Reached = 'volatile' | 'time' | 'end';

class Gate {
  open!: () => void;
  readonly opened: Promise<void>;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/**
 * All tiers in one collection, with the containment in the middle: it is made when what is volatile was read, or the time for that is
 * over. A read that is under way then goes on beside it; the lasting tiers wait until its changes are made, and are read while it is looked
 * at whether they hold.
 */
export class TieredCollection {
  readonly #options: Options;
  readonly #volatileRead = new Gate();
  readonly #contained = new Gate();
  readonly #stop = new AbortController();

  constructor(options: Options) {
    this.#options = options;
  }

  /** `null` = it failed. Throws what stops a response, after both have come to rest. */
  async run(contain: (onApplied: () => void) => Promise<PhaseEnd>): Promise<CollectSummary | null> {
    const { log } = this.#options;
    const collecting = this.#collect();
    try {
      if (!log.has('volatile')) {
        await log.begin('volatile');
        await log.end('volatile', this.#volatileEnd(await this.#whicheverFirst(collecting), await settled(collecting)));
      }
      await log.run('contain', async () => await contain(this.#contained.open));
      this.#contained.open();
    } catch (error) {
      this.#stop.abort(error);
      this.#contained.open();
      await collecting;
      throw error;
    }
    return await this.#end(await collecting);
  }

  async #collect(): Promise<Ended> {
    const { record, log, deps } = this.#options;
    try {
      const { run } = await openMainRun(log.state, { record });
      if (log.state.run !== run.run) await log.update(() => ({ run: run.run }));
      const signal = AbortSignal.any([deps.signal, this.#stop.signal]);
      if (run.stage === 'finished') return { summary: await summarizeRun(record.exhibit, deps.caseId, 0) };
      const beforeTier = async (tier: string): Promise<void> => {
        if (tier !== FIRST_LASTING_TIER) return;
        this.#volatileRead.open();
        await this.#contained.opened;
        if (!log.has('rest')) await log.begin('rest');
      };
      return { summary: await collectMain(run, { record, deps: { ...deps, signal, beforeTier } }) };
    } catch (error) {
      return { error };
    }
  }

  async #whicheverFirst(collecting: Promise<Ended>): Promise<Reached> {
    const { deadlineMs, clock, deps } = this.#options;
    const stop = new AbortController();
    const signal = AbortSignal.any([deps.signal, stop.signal]);
    const time = wait(Math.max(0, deadlineMs - clock.nowMs()), 'time' as const, { signal }).catch(() => 'end' as const);
    const volatile = this.#volatileRead.opened.then(() => 'volatile' as const);
    const end = collecting.then(() => 'end' as const);
    try {
      return await Promise.race([volatile, end, time]);
    } finally {
      stop.abort();
    }
  }

  #volatileEnd(reached: Reached, ended: Ended | null): PhaseEnd {
    if (ended !== null && 'error' in ended) {
      if (stopsResponse(ended.error)) throw ended.error;
      return { outcome: 'failed', reason: reasonOf(ended.error) };
    }
    this.#options.deps.signal.throwIfAborted();
    if (reached !== 'time') return { outcome: 'done', reason: '' };
    return {
      outcome: 'partial',
      reason: 'the time was over and containment did not wait; the reading went on beside it',
    };
  }

  async #end(ended: Ended): Promise<CollectSummary | null> {
    const { log } = this.#options;
    if ('error' in ended) {
      if (stopsResponse(ended.error)) throw ended.error;
      await log.end('rest', { outcome: 'failed', reason: reasonOf(ended.error) });
      return null;
    }
    const { summary } = ended;
    const { gapsTotal, completeness } = summary;
    const gaps = `${String(gapsTotal)} ${gapsTotal === 1 ? 'gap' : 'gaps'}`;
    const outcome = completeness === 'complete' ? 'done' : completeness;
    await log.end('rest', { outcome, reason: completeness === 'complete' ? '' : gaps });
    return summary;
  }
}

/** How it ended, where it has; `null` = it goes on. */
async function settled(collecting: Promise<Ended>): Promise<Ended | null> {
  return await Promise.race([collecting, Promise.resolve(null)]);
}
