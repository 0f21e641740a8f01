import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { ClockRecord } from '../../model/request.js';
import type { Io } from '../../ports/io.js';

/** Below this nobody's reading of a log goes wrong, and above it somebody's does. */
const TOLERANCE_MS = 5000;

/** Writes what other clocks say into an exhibit, and raises an alarm, once a source, when one contradicts ours. */
export class ClockLedger {
  readonly #exhibit: Pick<ExhibitSpool, 'clock'>;
  readonly #io: Io;
  readonly #contradicted = new Set<string>();

  constructor(exhibit: Pick<ExhibitSpool, 'clock'>, io: Io) {
    this.#exhibit = exhibit;
    this.#io = io;
  }

  /** Throws what the disk does. */
  async record(record: ClockRecord): Promise<void> {
    await this.#exhibit.clock(record);
    const leastMs = leastDifferenceMs(record);
    if (Math.abs(leastMs) <= TOLERANCE_MS || this.#contradicted.has(record.source)) return;
    this.#contradicted.add(record.source);
    const seconds = (Math.abs(leastMs) / 1000).toFixed(1);
    this.#io.emit(
      'CLOCK_CONTRADICTED',
      `the clock of ${record.source} is at least ${seconds} s ${leastMs > 0 ? 'ahead of' : 'behind'} this machine's: one of them is wrong`,
      { source: record.source, offsetMinMs: record.offsetMinMs, offsetMaxMs: record.offsetMaxMs },
    );
  }
}

/** Of all differences that the interval allows the one nearest to none; milliseconds, remote minus local. */
function leastDifferenceMs({ offsetMinMs, offsetMaxMs }: ClockRecord): number {
  if (offsetMinMs > 0) return offsetMinMs;
  return offsetMaxMs < 0 ? offsetMaxMs : 0;
}
