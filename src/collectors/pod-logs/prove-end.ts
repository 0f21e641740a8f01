import { parseInstant } from '../../lib/clock.js';
import type { CollectContext } from '../../ports/collector.js';
import type { ReadAnswer } from '../../ports/cluster-reader.js';
import { concernsOneAnswer, interrupted } from '../interrupted.js';
import { EndMatch, instantOf } from './end-match.js';
import { logRequest, wholeSecond } from './log-query.js';
import type { LogSpool } from './log-spool.js';
import type { PlannedLog } from './planned-log.js';

/** A second read longer than this is cut off: by then the line was there or is not coming. Bytes. */
const MAX_SECOND_READ_BYTES = 64 * 1024 * 1024;

/** What the second read showed. `failure` is `null` when it proves the end; otherwise a stable kebab-case word. */
export interface EndProof {
  readonly failure: string | null;
  /** Lines written since the first answer; `null` when not known. */
  readonly newerLines: number | null;
  readonly sinceTime: string;
}

const unprovable = (failure: string, sinceTime = ''): EndProof => ({ failure, newerLines: null, sinceTime });

/** From where the second read begins; `undefined` = impossible, `null` = from the beginning. */
function sinceOf(spool: LogSpool, context: CollectContext): string | null | undefined {
  if (spool.last === null) return context.limits.sinceTime;
  if (spool.last.timeLength === 0) return undefined;
  return wholeSecond(spool.last.head.toString('latin1', 0, spool.last.timeLength)) ?? undefined;
}

/**
 * The latest time that a line of this answer can have by the API server's clock, epoch milliseconds: its `Date`, which has whole
 * seconds, and all the time that the answer took. A later line was written by a clock that is ahead, and then a lost line passes as newer.
 */
function latestPossible(answer: ReadAnswer): number {
  const dateMs = answer.serverDate === null ? null : parseInstant(answer.serverDate);
  if (dateMs === null) return Number.NEGATIVE_INFINITY;
  const endMs = (answer.lastByteAt === null ? null : parseInstant(answer.lastByteAt)) ?? answer.headAtMs;
  return dateMs + 1000 + Math.max(0, endMs - answer.sentAtMs);
}

function conclude(match: EndMatch, answer: ReadAnswer, sinceTime: string): EndProof {
  if (answer.end === 'aborted') throw interrupted();
  if (answer.status !== 200) return unprovable(`second-read-status-${String(answer.status)}`, sinceTime);
  if (answer.end === 'complete') match.finish();
  const seenEnough = answer.end === 'complete' || (answer.end === 'limit' && match.found && match.newer > 0);
  if (!seenEnough) return unprovable(`second-read-${answer.end}`, sinceTime);
  if (!match.found) return unprovable('last-line-not-returned', sinceTime);
  if (match.latestMs > latestPossible(answer)) return unprovable('node-clock-ahead', sinceTime);
  if (match.missed > 0) return { failure: 'lines-missed', newerLines: match.newer, sinceTime };
  return { failure: null, newerLines: match.newer, sinceTime };
}

/**
 * Reads the log once more from the last second of the first read. Proven is the end when our last line comes back and nothing
 * between it and the first answer's `Date`: a body that ended cleanly but too early looks complete in every other way.
 */
export async function proveEnd(
  log: PlannedLog,
  first: { readonly spool: LogSpool; readonly answer: ReadAnswer },
  context: CollectContext,
): Promise<EndProof> {
  const { spool, answer } = first;
  const dateMs = answer.serverDate === null ? null : parseInstant(answer.serverDate);
  if (dateMs === null) return unprovable('no-date');
  const sinceTime = sinceOf(spool, context);
  if (sinceTime === undefined) return unprovable('last-line-without-time');
  const lastAtMs = spool.last === null ? null : instantOf(spool.last);
  if (lastAtMs !== null && lastAtMs > latestPossible(answer)) return unprovable('node-clock-ahead', sinceTime ?? '');
  const match = new EndMatch({ last: spool.last, position: spool.watch.linesInLastSecond, dateMs });
  const request = logRequest(log, { sinceTime, maxBytes: MAX_SECOND_READ_BYTES, tellLimit: false }, context);
  let isLog = false;
  try {
    const second = await context.cluster.stream(request, {
      head: (status) => (isLog = status === 200),
      chunk: (bytes) => {
        if (isLog) match.feed(bytes);
      },
    });
    return conclude(match, second, sinceTime ?? '');
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return unprovable(`second-read-${error.code.toLowerCase().replaceAll('_', '-')}`, sinceTime ?? '');
  }
}
