import { toRfc3339 } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { Io } from '../../ports/io.js';
import type { ContainmentRecord } from '../quarantine/containment-record.js';
import {
  endedPhase,
  type Phase,
  type PhaseRecord,
  PHASES,
  type RespondState,
  writeRespondState,
} from './respond-state.js';

const MAX_REASON = 1000;

/** What each phase does, for the screen. */
export const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  vanishing: "the suspects' own objects, events and previous logs, 10 s at most",
  protect: 'keep others from taking the targets away',
  snapshot: 'have the volumes of the nodes copied',
  volatile: 'tiers V0 to V3: what lives in memory',
  contain: 'take the network from the suspects, and look at what holds',
  rest: 'tiers V4 to V6: logs, container layers, files',
  seal: 'hash, sign, write the archive and its receipt, read it back',
};

export interface PhaseEnd {
  readonly outcome: 'done' | 'partial' | 'failed' | 'skipped';
  readonly reason: string;
}

/** After these nothing further would come of it: the response stops as it is, and goes on when it is told to. */
const STOPS: ReadonlySet<string> = new Set([
  ...[
    'INTERRUPTED',
    'TERMINATED',
    'CLUSTER_UNAUTHENTICATED',
    'PLATFORM_UNAUTHENTICATED',
    'CASE_CORRUPT',
    'CASE_LOCKED',
  ],
  ...['STORAGE_FULL', 'STORAGE_FAILED', 'STORAGE_UNSAFE', 'INTERNAL'],
]);

export function stopsResponse(error: unknown): boolean {
  return !(error instanceof ExhibitError) || STOPS.has(error.code);
}

export function reasonOf(error: unknown): string {
  const text = error instanceof ExhibitError ? `${error.code}: ${error.message}` : String(error);
  return text.slice(0, MAX_REASON);
}

export interface PhaseLogOptions {
  readonly state: RespondState;
  readonly record: ContainmentRecord;
  readonly clock: Clock;
  readonly io: Io;
}

/** How far a response has come: on the disk before a phase begins and after it has ended, and in the custody log. */
export class PhaseLog {
  readonly #options: PhaseLogOptions;
  #state: RespondState;
  #written: Promise<void> = Promise.resolve();

  constructor(options: PhaseLogOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): RespondState {
    return this.#state;
  }

  /** One change after another: the collection and the containment go on beside each other. */
  async update(change: (state: RespondState) => Partial<RespondState>): Promise<void> {
    const written = this.#written.then(async () => {
      const state = { ...this.#state, ...change(this.#state) };
      await writeRespondState(this.#options.record.openCase.directory, state);
      this.#state = state;
    });
    this.#written = written.catch(() => undefined);
    await written;
  }

  has(phase: Phase): boolean {
    return endedPhase(this.#state, phase) !== null;
  }

  async begin(phase: Phase): Promise<void> {
    const { io, clock } = this.#options;
    await this.#put({ phase, outcome: null, reason: '', startedAt: toRfc3339(clock.nowMs()), endedAt: null });
    const number = `${String(PHASES.indexOf(phase) + 1)} of ${String(PHASES.length)}`;
    io.emit('RESPOND_PHASE', `phase ${number}, ${phase}: ${PHASE_TEXTS[phase]}`, { phase });
  }

  async end(phase: Phase, { outcome, reason }: PhaseEnd): Promise<void> {
    const { io, clock, record } = this.#options;
    const nowMs = clock.nowMs();
    const startedAt = this.#state.phases.find((one) => one.phase === phase)?.startedAt ?? toRfc3339(nowMs);
    const ended = { phase, outcome, reason: reason.slice(0, MAX_REASON), startedAt, endedAt: toRfc3339(nowMs) };
    // The seal closes the log: its own end is nowhere but here.
    if (phase !== 'seal')
      await record.exhibit.custody.append('operator-note', { note: 'phase of a response', ...ended });
    await this.#put(ended);
    const code = outcome === 'done' || outcome === 'skipped' ? 'RESPOND_PHASE_DONE' : 'RESPOND_PHASE_SHORT';
    io.emit(code, `${phase}: ${outcome}${reason === '' ? '' : `: ${reason}`}`, { ...ended });
  }

  /** A phase from its beginning to its end, unless it has its end. Throws what stops a response; everything else is its reason. */
  async run(phase: Phase, work: () => Promise<PhaseEnd>): Promise<void> {
    if (this.has(phase)) return;
    await this.begin(phase);
    await this.end(phase, await settle(work));
  }

  async #put(record: PhaseRecord): Promise<void> {
    await this.update(({ phases }) => ({ phases: [...phases.filter(({ phase }) => phase !== record.phase), record] }));
  }
}

export async function settle(work: () => Promise<PhaseEnd>): Promise<PhaseEnd> {
  try {
    return await work();
  } catch (error) {
    if (stopsResponse(error)) throw error;
    return { outcome: 'failed', reason: reasonOf(error) };
  }
}
