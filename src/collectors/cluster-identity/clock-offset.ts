import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import type { ClockRecord } from '../../model/request.js';
import type { ReadAnswer } from '../../ports/cluster-reader.js';

/** RFC 9110 dates have whole seconds; what they leave out is at most this. Milliseconds. */
const DATE_RESOLUTION_MS = 1000;

type Timed = Pick<ReadAnswer, 'serverDate' | 'sentAtMs' | 'headAtMs'>;

/**
 * How far the server's clock is from ours, as an interval that contains the truth: the date was written after we sent and before
 * its head arrived, and stands for any moment of its second. `null` without a date, or when our own clock went back meanwhile.
 */
export function clockOffset(answer: Timed, source: string): ClockRecord | null {
  const dateMs = answer.serverDate === null ? null : parseInstant(answer.serverDate);
  const roundTripMs = Math.round(answer.headAtMs - answer.sentAtMs);
  if (dateMs === null || roundTripMs < 0) return null;
  return {
    source,
    at: toRfc3339(answer.headAtMs),
    phase: 'during',
    offsetMinMs: Math.floor(dateMs - answer.headAtMs),
    offsetMaxMs: Math.ceil(dateMs + DATE_RESOLUTION_MS - answer.sentAtMs),
    roundTripMs,
  };
}
