import type { SnapshotRecord } from '../../model/external.js';
import type { Clock } from '../../ports/clock.js';
import type { Io } from '../../ports/io.js';

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 20_000;

export interface WaitDeps {
  readonly look: () => Promise<readonly SnapshotRecord[]>;
  readonly clock: Clock;
  readonly io: Io;
  readonly pause: (ms: number) => Promise<void>;
  readonly limitMs: number;
}

export function isPending({ state }: SnapshotRecord): boolean {
  return state === 'pending';
}

function percentOf({ progress, state }: SnapshotRecord): number {
  const percent = Number.parseInt(progress ?? '', 10);
  return state === 'completed' ? 100 : Number.isNaN(percent) ? 0 : Math.min(Math.max(percent, 0), 100);
}

/** Looks until none is pending any more, or the time is over. Throws as `look` and `pause`. */
export async function waitForSnapshots({
  look,
  clock,
  io,
  pause,
  limitMs,
}: WaitDeps): Promise<readonly SnapshotRecord[]> {
  const endUs = clock.monoUs() + limitMs * 1000;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const records = await look();
    const pending = records.filter(isPending);
    const done = records.reduce((sum, record) => sum + percentOf(record), 0);
    io.progress({
      ...{ phase: 'snapshots', done, total: records.length * 100, bytes: 0 },
      current: pending
        .slice(0, 4)
        .map(({ id, volume, progress }) => `${id} of ${volume ?? 'a copy'} ${progress ?? ''}`),
      gaps: records.filter(({ state }) => state === 'error').length,
      lastError: records.find(({ state }) => state === 'error')?.stateDetail ?? null,
    });
    const leftMs = (endUs - clock.monoUs()) / 1000;
    if (pending.length === 0 || leftMs <= 0) return records;
    await pause(Math.min(pauseMs, leftMs));
  }
}
