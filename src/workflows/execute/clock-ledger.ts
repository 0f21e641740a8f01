import { clockAlarm } from '../../evidence/clock-alarm.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { ClockRecord } from '../../model/request.js';
import type { Io } from '../../ports/io.js';

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
    const alarm = clockAlarm(record);
    if (alarm === null || this.#contradicted.has(record.source)) return;
    this.#contradicted.add(record.source);
    const { source, offsetMinMs, offsetMaxMs } = record;
    this.#io.emit('CLOCK_CONTRADICTED', alarm, { source, offsetMinMs, offsetMaxMs });
  }
}
