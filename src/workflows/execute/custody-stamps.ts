import {
  type CustodyTokenName,
  firstCustodyLine,
  MAX_HEARTBEAT_TOKENS,
  saveCustodyToken,
  savedCustodyTokens,
} from '../../evidence/custody-tokens.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { getToken } from '../../evidence/timestamp/get-token.js';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { Io } from '../../ports/io.js';
import type { Timestamper } from '../../ports/timestamper.js';
import type { ClockLedger } from './clock-ledger.js';

/** A token's time may have whole seconds. */
const SECOND_MS = 1000;

export interface CustodyStampsOptions {
  readonly exhibit: ExhibitSpool;
  /** Asked in this order until one answers; none = no tokens. */
  readonly timestampers: readonly Timestamper[];
  readonly clocks: ClockLedger;
  readonly clock: Clock;
  readonly io: Io;
  readonly signal: AbortSignal;
}

/**
 * Has lines of the custody log stamped by an authority of time, so that nothing chained after the first token can be older than it.
 * An authority that does not answer is said, and stops nothing.
 */
export class CustodyStamps {
  readonly #options: CustodyStampsOptions;
  #isMissed = false;

  constructor(options: CustodyStampsOptions) {
    this.#options = options;
  }

  /** Over the first line of the log; once an exhibit, whatever number of runs it takes. */
  async opening(): Promise<void> {
    const { exhibit, timestampers } = this.#options;
    if (timestampers.length === 0 || (await savedCustodyTokens(exhibit.layout)).includes('open')) return;
    const line = await firstCustodyLine(exhibit.layout);
    if (line !== null) await this.#stamp('open', line, this.#options.signal);
  }

  /** Over the raw line of a heartbeat, under the next free number; given up when `signal` says that nobody waits for it any more. */
  async heartbeat(line: string, signal: AbortSignal): Promise<void> {
    const { exhibit, timestampers } = this.#options;
    if (timestampers.length === 0) return;
    const saved = await savedCustodyTokens(exhibit.layout);
    const number = saved.filter((name) => name !== 'open').length + 1;
    if (number > MAX_HEARTBEAT_TOKENS) return;
    const either = AbortSignal.any([signal, this.#options.signal]);
    await this.#stamp(`hb-${String(number).padStart(4, '0')}`, Buffer.from(line, 'latin1'), either);
  }

  async #stamp(name: CustodyTokenName, line: Buffer, signal: AbortSignal): Promise<void> {
    const { exhibit, timestampers, clock, clocks, io } = this.#options;
    const reasons: string[] = [];
    for (const timestamper of timestampers) {
      try {
        const sentAtMs = clock.nowMs();
        const { query, reply, genTime, url } = await getToken(timestamper, line, signal);
        const receivedAtMs = clock.nowMs();
        await saveCustodyToken(exhibit.layout, name, { query, reply });
        const genTimeMs = parseInstant(genTime) ?? receivedAtMs;
        await clocks.record({
          source: `tsa ${url}`,
          at: toRfc3339(receivedAtMs),
          phase: name === 'open' ? 'open' : 'during',
          offsetMinMs: Math.floor(genTimeMs - receivedAtMs),
          offsetMaxMs: Math.ceil(genTimeMs + SECOND_MS - sentAtMs),
          roundTripMs: Math.max(0, Math.round(receivedAtMs - sentAtMs)),
        });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ExhibitError) || error.code !== 'TIMESTAMP_FAILED') throw error;
        reasons.push(`${timestamper.url}: ${error.message}`);
      }
    }
    if (this.#isMissed) return;
    this.#isMissed = true;
    io.emit('CUSTODY_NOT_STAMPED', `no time-stamp over the custody log: ${reasons.join('; ')}`, { token: name });
  }
}
