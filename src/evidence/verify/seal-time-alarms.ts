import { parseInstant } from '../../lib/clock.js';
import type { Statement } from '../../model/exhibit.js';
import type { TimestampReport } from '../../model/verdict.js';

/** The clocks of both may be off a little. */
const EARLY_MS = 300_000;
/** Between the statement and its token lies the writing of the whole archive. */
const LATE_MS = 86_400_000;

/** Where a token of the seal contradicts the clock of the machine that sealed. No finding: which of the two was wrong is not known. */
export function sealTimeAlarms(statement: Statement | null, timestamps: readonly TimestampReport[]): string[] {
  const createdAtMs = parseInstant(statement?.createdAt ?? '');
  if (createdAtMs === null) return [];
  return timestamps.flatMap(({ path, genTime, accuracyMs, result }) => {
    const genTimeMs = parseInstant(genTime ?? '');
    if (genTimeMs === null || result === 'failed' || !path.startsWith('seal/')) return [];
    const laterMs = genTimeMs - createdAtMs;
    if (laterMs >= -EARLY_MS - (accuracyMs ?? 0) && laterMs <= LATE_MS) return [];
    return [
      `the statement says that it was made ${statement?.createdAt ?? ''} where ${path} says ${genTime ?? ''}: one of the two clocks was wrong`,
    ];
  });
}
