import type { HttpHead, HttpReceiver, HttpResult } from '../http/http-exchange-types.js';
import type { TransportFailure } from '../http/transport-failure.js';
import { jitter } from '../lib/clock.js';
import type { BodyConsumer, ReadKind } from '../ports/cluster-reader.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Attempt, AttemptRequest, Caller } from './attempt.js';
import type { BrakeSystem } from './brakes.js';
import type { NodeBreaker } from './node-breaker.js';
import type { ResolvedConnection } from './resolved-connection.js';
import {
  BUDGET_MS,
  backoffMs,
  isKubeletUnreachable,
  isThrottle,
  isTransientFailure,
  isTransientStatus,
  OUTAGE_MS,
  throttleDelayMs,
} from './retry-policy.js';
import { exhibitErrorOf } from './transport-exhibit-error.js';
import { unauthenticated } from './unauthenticated.js';

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

/** What the API server says in a kubelet's stead (503 without Retry-After among it) is held too: it decides whether the node is asked again. */
function heldReceiver(consumer: BodyConsumer, node: string | undefined): HeldReceiver {
  const held: Buffer[] = [];
  let holding = false;
  const digest = consumer.digest?.bind(consumer);
  return {
    ...(digest === undefined ? {} : { digest }),
    held,
    isHeld: () => holding,
    head: (head: HttpHead) => {
      holding = head.status === 401 || isTransientStatus(head) || (node !== undefined && head.status === 503);
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

/** One call on its way through its tries. */
interface Progress {
  readonly call: Call;
  readonly consumer: BodyConsumer;
  attempts: number;
  renewed: boolean;
  waitedMs: number;
}

/** Calls with their retries, behind brakes and breaker. Safe for concurrent use. */
export class ReadCaller {
  readonly #deps: CallDeps;
  #contact = false;
  #saidThrottledUs = Number.NEGATIVE_INFINITY;

  constructor(deps: CallDeps) {
    this.#deps = deps;
  }

  /** Throws when there is no answer, and what the consumer throws. */
  async call(call: Call, consumer: BodyConsumer): Promise<CallResult> {
    const progress: Progress = { call, consumer, attempts: 0, renewed: false, waitedMs: 0 };
    for (;;) {
      const attempt = await this.#once(progress);
      if (attempt !== null) return { attempt, attempts: progress.attempts };
    }
  }

  /** One try; `null` when another one is to follow. */
  async #once(progress: Progress): Promise<Attempt | null> {
    const { call, consumer } = progress;
    const { breaker } = this.#deps;
    const receiver = heldReceiver(consumer, call.node);
    const attempt = await this.#send(progress, receiver);
    const { result } = attempt;
    if (result.thrown !== null) throw result.thrown.error;
    if (result.failure !== null) {
      await this.#afterFailure(progress, result.failure);
      return null;
    }
    this.#contact = true;
    this.#heed(call, result);
    if (receiver.isHeld()) return await this.#afterHeld(progress, attempt, Buffer.concat(receiver.held));
    if (result.end === 'timeout') breaker.strike(call.node);
    if (result.end === 'complete') breaker.clear(call.node);
    const delayMs = backoffMs(progress.attempts, jitter());
    if (!call.replay || result.end !== 'cut' || !this.#mayTryAgain(progress, delayMs)) return attempt;
    await this.#wait(progress, delayMs, result.endDetail ?? 'cut');
    return null;
  }

  async #send(progress: Progress, receiver: HttpReceiver): Promise<Attempt> {
    const { brakes, breaker, caller } = this.#deps;
    const { call } = progress;
    breaker.check(call.node);
    const leave = await brakes.enter(call.kind, call.node, call.request.signal);
    try {
      // Others may have found the node dead while this call waited its turn.
      breaker.check(call.node);
      progress.attempts += 1;
      return await caller.attempt(call.request, receiver);
    } finally {
      leave();
    }
  }

  /** What of an answer says how the server bears us. List pages are heeded by who pauses between them. */
  #heed(call: Call, result: HttpResult): void {
    if (call.kind === 'list' || result.head === null || result.headAfterMs === null) return;
    // A refusal comes quickly and took the server no work.
    if (result.head.status >= 400) return;
    this.#deps.brakes.callAnswered(call.kind, result.headAfterMs);
  }

  #mayTryAgain(progress: Progress, delayMs: number, outage = false): boolean {
    const { call, attempts, waitedMs } = progress;
    if (this.#deps.breaker.isOpen(call.node) || waitedMs + delayMs > BUDGET_MS) return false;
    // A server that was there before is given time to come back, unless the caller counts attempts.
    if (outage && this.#contact && call.attempts === undefined) return waitedMs + delayMs <= OUTAGE_MS;
    return attempts < (call.attempts ?? DEFAULT_ATTEMPTS);
  }

  async #wait(progress: Progress, delayMs: number, why: string): Promise<void> {
    const { request } = progress.call;
    progress.waitedMs += delayMs;
    this.#deps.io.emit('CLUSTER_RETRY', `Trying again in ${String(delayMs)} ms: ${why}`, {
      attempt: progress.attempts,
      delayMs,
      path: request.target.split('?')[0] ?? '',
    });
    await this.#deps.pause(delayMs, request.signal);
  }

  /** Returns when another try is to follow. */
  async #afterFailure(progress: Progress, failure: TransportFailure): Promise<void> {
    const { node } = progress.call;
    if (failure.step === 'first-byte-timeout') this.#deps.breaker.strike(node);
    const delayMs = backoffMs(progress.attempts, jitter());
    if (!isTransientFailure(failure) || !this.#mayTryAgain(progress, delayMs, true))
      throw exhibitErrorOf(failure, this.#deps.connection, node);
    await this.#wait(progress, delayMs, failure.message);
  }

  async #afterRefusal(progress: Progress, attempt: Attempt): Promise<void> {
    const { connection, io, caller } = this.#deps;
    if (progress.renewed) throw unauthenticated(connection);
    progress.renewed = true;
    io.emit('CLUSTER_RETRY', 'The credential was refused (401); trying again with a renewed one.');
    await caller.renew(attempt.credential);
  }

  async #afterHeld(progress: Progress, attempt: Attempt, body: Buffer): Promise<Attempt | null> {
    const { head } = attempt.result;
    const { call, consumer } = progress;
    if (head === null) return attempt;
    if (head.status === 401) {
      await this.#afterRefusal(progress, attempt);
      return null;
    }
    if (isKubeletUnreachable(attempt.result, body)) this.#deps.breaker.strike(call.node);
    const delayMs = this.#delayAfter(head, progress.attempts);
    if (isTransientStatus(head) && this.#mayTryAgain(progress, delayMs)) {
      await this.#wait(progress, delayMs, `status ${String(head.status)}`);
      return null;
    }
    if (consumer.head?.(head.status, head.headers) !== false && body.length > 0) await consumer.chunk(body);
    return attempt;
  }

  #delayAfter(head: HttpHead, attempts: number): number {
    const { brakes, clock, io } = this.#deps;
    if (!isThrottle(head)) return backoffMs(attempts, jitter());
    const delayMs = throttleDelayMs(head, attempts, { nowMs: clock.nowMs(), random: jitter() });
    brakes.throttled();
    if (clock.monoUs() - this.#saidThrottledUs >= THROTTLE_MESSAGE_US) {
      this.#saidThrottledUs = clock.monoUs();
      io.emit(
        'CLUSTER_THROTTLED',
        `The server asks for patience (${String(head.status)}); waiting ${String(delayMs)} ms.`,
        {
          status: head.status,
          delayMs,
          listsAtOnce: brakes.listConcurrency(),
        },
      );
    }
    return delayMs;
  }
}
