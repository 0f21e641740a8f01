import type { HttpHead, HttpReceiver } from '../http/http-exchange-types.js';
import { jitter } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { BodyConsumer, ReadKind } from '../ports/cluster-reader.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Attempt, AttemptRequest, Caller } from './attempt.js';
import type { BrakeSystem } from './brakes.js';
import type { NodeBreaker } from './node-breaker.js';
import type { ResolvedConnection } from './resolved-connection.js';
import { BUDGET_MS, backoffMs, isKubeletUnreachable, isThrottle, isTransientFailure, isTransientStatus, OUTAGE_MS, throttleDelayMs } from './retry-policy.js';
import { exhibitErrorOf } from './transport-exhibit-error.js';

const DEFAULT_ATTEMPTS = 4;
const THROTTLE_MESSAGE_US = 10_000_000;

export interface CallDeps {
  readonly connection: ResolvedConnection;
  readonly caller: Caller;
  readonly brakes: BrakeSystem;
  readonly breaker: NodeBreaker;
  readonly clock: Clock;
  readonly io: Io;
  pause(delayMs: number, signal: AbortSignal | null): Promise<void>;
}

export interface Call {
  readonly request: AttemptRequest;
  readonly kind: ReadKind;
  readonly node: string | undefined;
  readonly attempts: number | undefined;
  /** The consumer begins anew with each head: a body that was cut may be asked for again. */
  readonly replay: boolean;
}

export interface CallResult {
  readonly attempt: Attempt;
  readonly attempts: number;
}

/** Answers that may be followed by another try are kept back, at most 64 KiB of them, until it is decided that they are the last word. */
interface HeldReceiver extends HttpReceiver {
  readonly held: Buffer[];
  isHeld(): boolean;
}

function heldReceiver(consumer: BodyConsumer): HeldReceiver {
  const held: Buffer[] = [];
  let holding = false;
  return {
    held,
    isHeld: () => holding,
    head: (head: HttpHead) => {
      holding = head.status === 401 || isTransientStatus(head);
      if (holding) return 'brief';
      return consumer.head?.(head.status, head.headers) === false ? 'drop' : 'keep';
    },
    chunk: (bytes) => {
      if (!holding) return consumer.chunk(bytes);
      held.push(bytes);
      return undefined;
    },
  };
}

interface Progress {
  attempts: number;
  renewed: boolean;
  waitedMs: number;
}

export interface ReadCaller {
  /** One call with its retries. Throws when there is no answer, and what the consumer throws. */
  call(call: Call, consumer: BodyConsumer): Promise<CallResult>;
}

export function createReadCaller(deps: CallDeps): ReadCaller {
  const { brakes, breaker, clock, io } = deps;
  let contact = false;
  let saidThrottledUs = Number.NEGATIVE_INFINITY;

  const sayThrottled = (status: number, delayMs: number): void => {
    if (clock.monoUs() - saidThrottledUs < THROTTLE_MESSAGE_US) return;
    saidThrottledUs = clock.monoUs();
    io.emit('CLUSTER_THROTTLED', `The server asks for patience (${String(status)}); waiting ${String(delayMs)} ms.`, {
      status, delayMs, listsAtOnce: brakes.listConcurrency(),
    });
  };
  const mayTryAgain = (call: Call, progress: Progress, delayMs: number, outage: boolean): boolean => {
    if (breaker.isOpen(call.node) || progress.waitedMs + delayMs > BUDGET_MS) return false;
    // A server that was there before is given time to come back, unless the caller counts attempts.
    if (outage && contact && call.attempts === undefined) return progress.waitedMs + delayMs <= OUTAGE_MS;
    return progress.attempts < (call.attempts ?? DEFAULT_ATTEMPTS);
  };
  const waitFor = async (call: Call, progress: Progress, delayMs: number, why: string): Promise<void> => {
    progress.waitedMs += delayMs;
    io.emit('CLUSTER_RETRY', `Trying again in ${String(delayMs)} ms: ${why}`, { attempt: progress.attempts, delayMs, path: call.request.target.split('?')[0] ?? '' });
    await deps.pause(delayMs, call.request.signal);
  };

  /** True when the call is to be made again. */
  const afterFailure = async (call: Call, progress: Progress, attempt: Attempt): Promise<boolean> => {
    const { failure } = attempt.result;
    if (failure === null) return false;
    
    const delayMs = backoffMs(progress.attempts, jitter());
    if (isTransientFailure(failure) && mayTryAgain(call, progress, delayMs, true)) {
      await waitFor(call, progress, delayMs, failure.message);
      return true;
    }
    throw exhibitErrorOf(failure, deps.connection, call.node);
  };
  const afterRefusal = async (progress: Progress, attempt: Attempt): Promise<boolean> => {
    if (progress.renewed) {
      throw new ExhibitError('CLUSTER_UNAUTHENTICATED', 'The API server does not accept the credential (401), a renewed one neither.', {
        subject: deps.connection.facts.server, hints: ['kubectl auth whoami', 'Log in again, then: exhibit resume'],
      });
    }
    progress.renewed = true;
    io.emit('CLUSTER_RETRY', 'The credential was refused (401); trying again with a renewed one.');
    await deps.caller.renew(attempt.credential);
    return true;
  };
  const afterHeld = async (call: Call, progress: Progress, attempt: Attempt, body: Buffer): Promise<boolean> => {
    const { head } = attempt.result;
    if (head === null) return false;
    if (head.status === 401) return await afterRefusal(progress, attempt);
    if (call.node !== undefined && isKubeletUnreachable(attempt.result, body)) breaker.strike(call.node);
    const spread = { nowMs: clock.nowMs(), random: jitter() };
    const throttled = isThrottle(head);
    const delayMs = throttled ? throttleDelayMs(head, progress.attempts, spread) : backoffMs(progress.attempts, spread.random);
    if (throttled) {
      brakes.throttled();
      sayThrottled(head.status, delayMs);
    }
    if (!mayTryAgain(call, progress, delayMs, false)) return false;
    await waitFor(call, progress, delayMs, `status ${String(head.status)}`);
    return true;
  };
  const handOver = async (attempt: Attempt, body: Buffer, consumer: BodyConsumer): Promise<void> => {
    const { head } = attempt.result;
    if (head === null || consumer.head?.(head.status, head.headers) === false || body.length === 0) return;
    await consumer.chunk(body);
  };

  const once = async (call: Call, progress: Progress, consumer: BodyConsumer): Promise<Attempt | null> => {
    breaker.check(call.node);
    const leave = await brakes.enter(call.kind, call.node, call.request.signal);
    const receiver = heldReceiver(consumer);
    let attempt: Attempt;
    try {
      // Others may have found the node dead while this call waited its turn.
      breaker.check(call.node);
      progress.attempts += 1;
      attempt = await deps.caller.attempt(call.request, receiver);
    } finally {
      leave();
    }
    const { result } = attempt;
    if (result.thrown !== null) throw result.thrown.error;
    if (result.failure !== null) return (await afterFailure(call, progress, attempt)) ? null : attempt;
    contact = true;
    if (receiver.isHeld()) {
      const body = Buffer.concat(receiver.held);
      if (await afterHeld(call, progress, attempt, body)) return null;
      await handOver(attempt, body, consumer);
      return attempt;
    }
    if (result.end === 'timeout') breaker.strike(call.node);
    if (result.end === 'complete') breaker.clear(call.node);
    const delayMs = backoffMs(progress.attempts, jitter());
    if (call.replay && result.end === 'cut' && mayTryAgain(call, progress, delayMs, false)) {
      await waitFor(call, progress, delayMs, result.endDetail ?? 'cut');
      return null;
    }
    return attempt;
  };

  return {
    call: async (call, consumer) => {
      const progress: Progress = { attempts: 0, renewed: false, waitedMs: 0 };
      for (;;) {
        const attempt = await once(call, progress, consumer);
        if (attempt !== null) return { attempt, attempts: progress.attempts };
      }
    },
  };
}
