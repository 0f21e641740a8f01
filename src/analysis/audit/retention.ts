import type { MeasuredLog } from './events/measure-log.js';

/** As the API server is told to rotate its log (`--audit-log-maxsize`, `-maxbackup`, `-maxage`); 0 = no limit, `null` = not known. */
export interface Rotation {
  /** Mebibytes of a file; the server takes 0 for 100. */
  readonly maxSize: number | null;
  /** Files beside the one that is written. */
  readonly maxBackup: number | null;
  /** Days. */
  readonly maxAge: number | null;
}

/** How far back the log reaches. */
export interface Retention {
  readonly bytesPerHour: number | null;
  /** `null` = it cannot be told, or nothing but the disk limits it. */
  readonly keptDays: number | null;
  readonly targetDays: number;
  readonly reason: string;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
const DEFAULT_MAX_SIZE = 100;
/** Less says nothing about a day. */
const LEAST_MS = 60_000;

const rounded = (days: number): string => (days < 10 ? days.toFixed(1) : String(Math.floor(days)));

function bytesPerHourOf({ bytes, firstMs, lastMs }: MeasuredLog): number | null {
  if (firstMs === null || lastMs === null || lastMs - firstMs < LEAST_MS) return null;
  return Math.ceil((bytes * HOUR_MS) / (lastMs - firstMs));
}

/** By size; `null` = no number of files, or no rate to fill them at. */
function daysBySize({ maxSize, maxBackup }: Rotation, bytesPerHour: number | null): number | null {
  if (maxBackup === null || maxBackup === 0 || bytesPerHour === null || bytesPerHour === 0) return null;
  const size = maxSize === null || maxSize === 0 ? DEFAULT_MAX_SIZE : maxSize;
  return (size * 2 ** 20 * (maxBackup + 1)) / bytesPerHour / HOURS;
}

/** What the rotation keeps of a log that grows as the measured one did. */
export function retentionOf(log: MeasuredLog | null, rotation: Rotation, targetDays: number): Retention {
  const bytesPerHour = log === null ? null : bytesPerHourOf(log);
  const bySize = daysBySize(rotation, bytesPerHour);
  const byAge = rotation.maxAge === null || rotation.maxAge === 0 ? null : rotation.maxAge;
  const of = (keptDays: number | null, reason: string): Retention => ({ bytesPerHour, keptDays, targetDays, reason });
  const target = `of ${rounded(targetDays)} days that are wanted`;
  // Rotation by size is on whether it is said or not; without the number of files or the rate, age alone promises too much.
  if (bySize === null && rotation.maxBackup !== 0)
    return of(null, 'cannot be told without --audit-file and --audit-log-maxbackup');
  if (bySize === null) {
    if (byAge === null) return of(null, 'nothing but the disk limits how long the log is kept');
    return of(byAge, `kept for ${rounded(byAge)} ${target}, by age`);
  }
  const kept = Math.min(bySize, byAge ?? bySize);
  const why = kept === bySize ? `by size, at ${String(bytesPerHour)} bytes an hour` : 'by age';
  return of(kept, `kept for ${rounded(kept)} ${target}, ${why}`);
}
