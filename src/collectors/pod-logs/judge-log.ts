import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Subject } from '../../model/artifact.js';
import type { Proof } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { ReadAnswer } from '../../ports/cluster-reader.js';
import { nodeSubject } from '../node-subject.js';
import { explainFailures } from './explain-failures.js';
import { isKnownMessage } from './kubelet-message.js';
import type { LogSpool } from './log-spool.js';
import type { PlannedLog } from './planned-log.js';
import type { ContainerView } from './pod-view.js';
import type { EndProof } from './prove-end.js';
import type { PodReading } from './read-pod.js';

/** Everything that is known when a log was read. */
export interface LogReading {
  readonly log: PlannedLog;
  readonly spool: LogSpool;
  readonly answer: ReadAnswer;
  readonly before: PodReading;
  readonly after: PodReading;
  /** `null` when there was no point in a second read. */
  readonly end: EndProof | null;
  readonly maxLogBytes: number | null;
  /** Only lines since then were asked for, RFC 3339; `null` = all. */
  readonly sinceTime: string | null;
}

export function containerOf(reading: PodReading): ContainerView | null {
  return reading.state === 'there' ? reading.container : null;
}

/** The id of the instance that the log is of, at one moment. */
function instanceOf(reading: PodReading, which: PlannedLog['which']): string | null {
  const container = containerOf(reading);
  return (which === 'current' ? container?.containerId : container?.previousId) ?? null;
}

/** `null` = the same before and after; otherwise a stable word for what is different or not known. */
export function containerChange({ log, before, after }: Pick<LogReading, 'log' | 'before' | 'after'>): string | null {
  if (before.state !== 'there') return `pod-${before.state}-before`;
  if (after.state !== 'there') return `pod-${after.state}-after`;
  const was = instanceOf(before, log.which);
  if (was === null) return 'container-unknown';
  const changed =
    was !== instanceOf(after, log.which) ||
    before.container?.restartCount !== after.container?.restartCount ||
    (log.containerId !== null && was !== log.containerId);
  return changed ? 'container-changed' : null;
}

export function subjectOf({ log, before, after }: Pick<LogReading, 'log' | 'before' | 'after'>): Subject {
  const was = log.containerId ?? instanceOf(before, log.which);
  const is = instanceOf(after, log.which);
  return {
    ...nodeSubject({ uid: log.nodeUid, machineId: log.machineId }),
    podUid: log.uid,
    ...(was === null ? {} : { containerId: was }),
    ...(is === null || is === was ? {} : { containerIdAfter: is }),
    restartCount: {
      before: containerOf(before)?.restartCount ?? null,
      after: containerOf(after)?.restartCount ?? null,
    },
  };
}

/** Whether the server stopped at the limit that it was told, or we did at the same one. */
export function isLimited({ answer, maxLogBytes }: Pick<LogReading, 'answer' | 'maxLogBytes'>): boolean {
  return answer.end === 'limit' || (maxLogBytes !== null && answer.sizeBytes >= maxLogBytes);
}

/** Lines that do not begin with a time, without the last one where it was us or a failure that cut it off inside its time. */
function untimedLines(reading: LogReading): number {
  const { last, watch } = reading.spool;
  const isTorn =
    (reading.answer.end !== 'complete' || isLimited(reading)) && last?.ended === false && last.timeLength === 0;
  return watch.untimedLines - (isTorn ? 1 : 0);
}

/** The conditions of a whole log that do not hold, most telling first. */
function failures(reading: LogReading): string[] {
  const { spool, answer, end } = reading;
  const untimed = untimedLines(reading);
  const found: string[] = [];
  if (answer.end !== 'complete') found.push(answer.end);
  else if (isLimited(reading)) found.push('limit');
  const change = containerChange(reading);
  if (change !== null) found.push(change);
  const endsUntimed = spool.last?.timeLength === 0 && answer.end === 'complete' && !isLimited(reading);
  if (endsUntimed && spool.watch.lines > untimed) found.push('kubelet-message');
  if (untimed > 0) found.push(`lines-without-time-${String(untimed)}`);
  if (end === null) found.push('no-second-read');
  else if (end.failure !== null) found.push(end.failure);
  return found;
}

/** Reasons that stand by themselves; every other failure is an end that is not proven. */
const REASONS = new Set(['cut', 'timeout', 'limit', 'container-changed', 'kubelet-message']);

function proofOfEnd(end: EndProof | null): Proof {
  if (end === null) return { secondRead: 'none' };
  const { failure, newerLines, sinceTime } = end;
  return {
    secondRead: failure ?? 'last-line-returned',
    ...(sinceTime === '' ? {} : { secondReadSince: sinceTime }),
    ...(newerLines === null ? {} : { newerLines }),
  };
}

function proofOf(reading: LogReading, failed: readonly string[]): Proof {
  const { spool, answer } = reading;
  const { restartCount } = containerOf(reading.after) ?? containerOf(reading.before) ?? { restartCount: null };
  return {
    status: answer.status,
    bytes: answer.sizeBytes,
    lines: spool.watch.lines,
    linesWithoutTime: untimedLines(reading),
    framing: answer.end,
    ...(reading.sinceTime === null ? {} : { sinceTime: reading.sinceTime }),
    ...proofOfEnd(reading.end),
    container: containerChange(reading) ?? 'unchanged',
    ...(restartCount === null ? {} : { restartCount }),
    ...(failed.length === 0 ? {} : { failed: failed.join(' ').slice(0, 200) }),
  };
}

function judgeMessage(reading: LogReading): CollectResult {
  const { spool, answer } = reading;
  const detail = escapeForTerminal(spool.beginning.toString('latin1').trim(), 600);
  const proof = { status: answer.status, bytes: answer.sizeBytes, known: isKnownMessage(spool.beginning) };
  return { outcome: 'failed', reason: 'kubelet-message', detail, proof, attempts: answer.attempts };
}

/** What the reader says of the end, and the first line that the kubelet wrote. Untrusted. */
function saying(reading: LogReading): string {
  const ending = reading.answer.endDetail === null ? '' : ` (${reading.answer.endDetail})`;
  const untimed = reading.spool.watch.firstUntimed;
  if (untimed === null || untimedLines(reading) === 0) return ending;
  return `${ending} The first line without a time: ${untimed.toString('latin1')}`;
}

/** What a log that is whole, as far as it was asked for, does not show. */
function remark({ spool, log, sinceTime }: LogReading): string {
  const since = sinceTime === null ? '' : `Only lines since ${escapeForTerminal(sinceTime, 60)} were asked for.`;
  if (spool.watch.bytes > 0) return since;
  const served = 'The API serves only the newest file of a log, which is empty; older ones may lie on the node.';
  return [since, log.containerId === null ? '' : served].filter((part) => part !== '').join(' ');
}

/**
 * The outcome of a log that was answered with 200. `collected` (`empty` without a byte) needs all four: every line begins with a
 * time, the framing ended, the second read returned our last line and none that we should have had, and container id and restart
 * count are the same before and after. What the kubelet says instead of a log is `failed`, and its bytes are kept.
 */
export function judgeLog(reading: LogReading): CollectResult {
  const { spool, answer } = reading;
  const { attempts } = answer;
  if (spool.isMessage) return judgeMessage(reading);
  const failed = failures(reading);
  const proof = proofOf(reading, failed);
  if (failed.length === 0) {
    return {
      outcome: spool.watch.bytes === 0 ? 'empty' : 'collected',
      reason: 'complete',
      detail: remark(reading),
      proof,
      attempts,
    };
  }
  const reason = failed.find((one) => REASONS.has(one)) ?? 'unproven-end';
  const detail = escapeForTerminal(`${explainFailures(failed)}${saying(reading)}`, 600);
  const nothing = spool.watch.bytes === 0 && answer.end !== 'complete';
  return { outcome: nothing ? 'failed' : 'partial', reason, detail, proof, attempts };
}
