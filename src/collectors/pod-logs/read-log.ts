import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { ReadAnswer } from '../../ports/cluster-reader.js';
import type { ItemFacts } from '../../ports/evidence-sink.js';
import { concernsOneAnswer, interrupted } from '../interrupted.js';
import { containerChange, containerOf, isLimited, judgeLog, subjectOf, type LogReading } from './judge-log.js';
import { logRequest } from './log-query.js';
import { logRefusal } from './log-refusal.js';
import { LogSpool } from './log-spool.js';
import type { PlannedLog } from './planned-log.js';
import { proveEnd } from './prove-end.js';
import { readPod, type PodReading } from './read-pod.js';

/** A log that was cut is read again as a whole when no more than this had arrived. Bytes. */
const MAX_AGAIN_BYTES = 64 * 1024 * 1024;

interface Attempt {
  readonly result: CollectResult;
  /** Container before and after, where the log was answered. */
  readonly reading: LogReading | null;
}

function factsOf(reading: LogReading, result: CollectResult): ItemFacts {
  const { answer, end, maxLogBytes } = reading;
  const changed = containerChange(reading);
  const newerLines = end?.newerLines ?? null;
  return {
    subject: subjectOf(reading),
    source: { uri: answer.url, method: answer.method, auditId: answer.auditIdSent, status: answer.status },
    outcome: result.outcome === 'collected' ? 'collected' : 'partial',
    ...(isLimited(reading) ? { truncated: { limit: maxLogBytes ?? answer.sizeBytes, reason: 'limit' } } : {}),
    sourceChanged: changed === 'container-changed' ? true : newerLines === null ? null : newerLines > 0,
    firstByteAt: answer.firstByteAt,
    lastByteAt: answer.lastByteAt,
  };
}

async function readBody(log: PlannedLog, spool: LogSpool, context: CollectContext): Promise<ReadAnswer> {
  const { sinceTime, maxLogBytes } = context.limits;
  const request = logRequest(log, { sinceTime, maxBytes: maxLogBytes, tellLimit: true }, context);
  const answer = await context.cluster.stream(request, {
    head: (status) => spool.head(status),
    chunk: (bytes) => spool.chunk(bytes),
    digest: () => spool.digest(),
  });
  if (answer.end === 'aborted') throw interrupted();
  spool.end(answer);
  return answer;
}

interface Place {
  readonly artifact: string;
  readonly suffix: string;
  readonly before: PodReading;
}

async function attemptLog(log: PlannedLog, place: Place, context: CollectContext): Promise<Attempt> {
  const spool = new LogSpool(log, place, context);
  try {
    const answer = await readBody(log, spool, context);
    if (answer.status !== 200) {
      const { status, attempts } = answer;
      return { result: logRefusal({ status, attempts, body: spool.beginning }), reading: null };
    }
    const { maxLogBytes, sinceTime } = context.limits;
    const worthwhile = answer.end === 'complete' && !spool.isMessage && !isLimited({ answer, maxLogBytes });
    const end = worthwhile ? await proveEnd(log, { spool, answer }, context) : null;
    const after = await readPod(log, context);
    const limits = { maxLogBytes, sinceTime };
    const reading: LogReading = { log, spool, answer, before: place.before, after, end, ...limits };
    const result = judgeLog(reading);
    await spool.commit(factsOf(reading, result), result.outcome === 'partial');
    return { result, reading };
  } finally {
    await spool.abort();
  }
}

/** One more whole read of a log that was cut, into a file of its own; the cut one stays as it is. */
async function again(log: PlannedLog, place: Place, io: { first: Attempt; context: CollectContext }): Promise<Attempt> {
  const { first, context } = io;
  const bytes = first.reading?.answer.sizeBytes ?? 0;
  if (first.result.reason !== 'cut' || bytes >= MAX_AGAIN_BYTES) return first;
  try {
    const before = await readPod(log, context);
    const second = await attemptLog(log, { ...place, suffix: '.again', before }, context);
    if (second.result.outcome !== 'collected' && second.result.outcome !== 'partial') return first;
    const proof = { ...second.result.proof, cutAtBytes: bytes };
    return {
      reading: second.reading,
      result: { ...second.result, proof, attempts: (second.result.attempts ?? 1) + 1 },
    };
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return first;
  }
}

/** The instance that was wanted is now the previous one: it is planned as such, once per restart count. */
function becamePrevious(planned: PlannedArtifact, reading: LogReading): PlannedArtifact | null {
  const { log, before, after } = reading;
  const restarts = containerOf(after)?.restartCount ?? null;
  const wanted = log.containerId ?? containerOf(before)?.containerId ?? null;
  if (log.which !== 'current' || wanted === null || restarts === null) return null;
  const file = `previous-r${String(Math.max(0, restarts))}`;
  const data: PlannedLog = { ...log, which: 'previous', containerId: wanted, file };
  const artifact = planned.artifact.replace(/current$/, file);
  return { ...planned, artifact, source: `${planned.source}&previous=true`, volatility: 'V0', data };
}

function notThere(before: PodReading, log: PlannedLog): CollectResult | null {
  if (before.state === 'gone') {
    return {
      outcome: 'absent',
      reason: 'gone',
      detail: 'The pod does not exist any more.',
      proof: { status: before.status },
    };
  }
  if (before.state === 'replaced') {
    const proof = { status: before.status, uidWanted: log.uid.slice(0, 64), uidFound: before.uid.slice(0, 64) };
    return { outcome: 'absent', reason: 'replaced', detail: 'Another pod has the name now.', proof };
  }
  const found = containerOf(before)?.previousId ?? null;
  if (log.which === 'current' || log.containerId === null || found === null || found === log.containerId) return null;
  const detail = 'The API serves the log of a later instance only; older ones are on the node.';
  return {
    outcome: 'absent',
    reason: 'not-kept',
    detail,
    proof: { wanted: log.containerId.slice(0, 100), found: found.slice(0, 100) },
  };
}

/** Words for what is no longer there. */
const NO_LONGER: ReadonlySet<string> = new Set(['gone', 'replaced', 'not-kept', 'no-previous']);

/**
 * An instance that ran when the targets were frozen has written its log somewhere: that it is not to be had any more is a gap,
 * not the proof that there never was one.
 */
function lostSincePlanned(result: CollectResult, log: PlannedLog): CollectResult {
  if (result.outcome !== 'absent' || log.containerId === null || !NO_LONGER.has(result.reason)) return result;
  return { ...result, outcome: 'failed' };
}

/** Reads one log with its proof. Throws `INTERRUPTED` and what reader and sink throw; leaves no writer open. */
export async function readLog(
  planned: PlannedArtifact,
  log: PlannedLog,
  context: CollectContext,
): Promise<CollectResult> {
  const before = await readPod(log, context);
  const missing = notThere(before, log);
  if (missing !== null) return lostSincePlanned(missing, log);
  const place = { artifact: planned.artifact, suffix: '', before };
  const first = await attemptLog(log, place, context);
  const { result, reading } = await again(log, place, { first, context });
  const successor =
    reading !== null && containerChange(reading) === 'container-changed' ? becamePrevious(planned, reading) : null;
  if (successor !== null) await context.discover(successor);
  return lostSincePlanned(result, log);
}
