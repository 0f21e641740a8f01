import { join } from 'node:path';
import { ChainedLog } from '../custody/chained-log.js';
import { corrupt } from '../custody/read-chain.js';
import { syncDirectory } from '../custody/sync-directory.js';
import { MAX_TORN_RECORDED_BYTES, releaseTorn } from '../custody/torn-tail.js';
import { toRfc3339 } from '../lib/clock.js';
import type { PlannedStep, PlanTarget } from '../model/action.js';
import { ExhibitError } from '../model/errors.js';
import type { Clock } from '../ports/clock.js';
import type { JournalEvent } from './journal-entry.js';
import { parseJournalEvent } from './journal-entry.js';
import type { PlanHistory } from './plan-history.js';
import { PlanHistories } from './plan-history.js';

export interface JournalOptions {
  /** Of the case, which is locked for us. */
  readonly directory: string;
  readonly clock: Clock;
  readonly actor: string;
}

/**
 * journal.jsonl of a case: each change to the outside world, written down and synced before it is made, and what became of it. One process
 * at a time. Throws `CASE_CORRUPT` for a history that cannot have happened, and `STORAGE_*`.
 */
export class Journal {
  readonly #log: ChainedLog<JournalEvent['event']>;
  readonly #histories: PlanHistories;
  readonly #clock: Clock;

  private constructor(log: ChainedLog<JournalEvent['event']>, histories: PlanHistories, clock: Clock) {
    this.#log = log;
    this.#histories = histories;
    this.#clock = clock;
  }

  static async open({ directory, clock, actor }: JournalOptions): Promise<Journal> {
    const path = join(directory, 'journal.jsonl');
    const histories = new PlanHistories();
    const { log, torn } = await ChainedLog.open<JournalEvent['event']>({
      path,
      clock,
      actor,
      onEntry: (entry) => {
        const event = parseJournalEvent(entry);
        const wrong = event === null ? 'it is no event of a journal' : histories.take(event, String(entry['at']));
        if (wrong !== null) throw corrupt(path, entry.seq, wrong);
      },
    });
    if (torn !== null) {
      const tornB64 = torn.bytes.subarray(0, MAX_TORN_RECORDED_BYTES).toString('base64');
      await log.append('interrupted', { tornB64 });
      await releaseTorn(torn);
    }
    // The name of a new file must outlive a power cut, too.
    if (log.size === 0) await syncDirectory(directory);
    return new Journal(log, histories, clock);
  }

  /** Plans of which all steps are written down, oldest first. */
  get plans(): readonly PlanHistory[] {
    return this.#histories.all();
  }

  plan(id: string): PlanHistory | undefined {
    return this.plans.find(({ plan }) => plan === id);
  }

  /** Nothing of a plan is done before this has resolved. */
  async begin(plan: string, target: PlanTarget, steps: readonly PlannedStep[]): Promise<void> {
    await this.append({ event: 'plan-begun', plan, target });
    for (const planned of steps) this.#take({ event: 'step-planned', plan, planned }, '');
    await this.#log.appendMany(
      'step-planned',
      steps.map((planned) => ({ plan, planned })),
    );
    await this.append({ event: 'plan-ready', plan, steps: steps.length });
  }

  /** Resolves when it is on the disk. */
  async append(entry: JournalEvent): Promise<void> {
    const { event, ...fields } = entry;
    this.#take(entry, toRfc3339(this.#clock.nowMs()));
    await this.#log.append(event, fields);
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  /** What a reader would refuse is a bug of ours. */
  #take(event: JournalEvent, at: string): void {
    const wrong = this.#histories.take(event, at);
    if (wrong !== null) throw new ExhibitError('INTERNAL', `a line of the journal does not follow: ${wrong}`);
  }
}
