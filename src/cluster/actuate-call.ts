import type { HttpHead, HttpReceiver, HttpResult } from '../http/http-exchange-types.js';
import { jitter, toRfc3339 } from '../lib/clock.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { parseJson, stringAt } from '../lib/untyped.js';
import type { ApiRight } from '../model/api-refusal.js';
import { ExhibitError } from '../model/errors.js';
import type { ActuateAnswer, ActuateCall } from '../ports/cluster-actuator.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Attempt, AttemptRequest, Caller } from './attempt.js';
import { parseWarnings } from './parse-warnings.js';
import { refusalOf } from './refusal.js';
import type { ResolvedConnection } from './resolved-connection.js';
import { BUDGET_MS, backoffMs, isTransientFailure, throttleDelayMs } from './retry-policy.js';
import { exhibitErrorOf } from './transport-exhibit-error.js';
import { unauthenticated } from './unauthenticated.js';

const MAX_ATTEMPTS = 4;
const PASSING: ReadonlySet<number> = new Set([500, 502, 503, 504]);

export interface ActuateCallDeps {
  readonly connection: ResolvedConnection;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly io: Io;
  pause(delayMs: number, signal: AbortSignal | null): Promise<void>;
}

export interface ActuateRequest {
  readonly request: AttemptRequest;
  readonly right: ApiRight;
  /** Done twice it is done once: a lost answer may be asked for again. */
  readonly repeatable: boolean;
  /** Whether an answer that says 2xx is one; default: any object of the API. */
  readonly isAnswer?: (object: unknown) => boolean;
}

interface Tried {
  readonly attempt: Attempt;
  readonly body: Buffer;
}

function detailOf(result: HttpResult): string {
  return escapeForTerminal(result.failure?.message ?? result.endDetail ?? 'no whole answer', 300);
}

interface Answered {
  readonly head: HttpHead;
  readonly body: Buffer;
  readonly attempts: number;
}

/** One change or read on its way through its tries. Safe for concurrent use. */
export class ActuateCaller {
  readonly #deps: ActuateCallDeps;

  constructor(deps: ActuateCallDeps) {
    this.#deps = deps;
  }

  /** Throws when nothing was sent, and for a read without a whole answer. */
  async call(asked: ActuateRequest): Promise<ActuateAnswer> {
    const { connection, caller } = this.#deps;
    let waitedMs = 0;
    let renewed = false;
    for (let attempts = 1; ; attempts += 1) {
      const tried = await this.#try(asked);
      const { result } = tried.attempt;
      if (result.head?.status === 401 && result.end === 'complete') {
        if (renewed) throw unauthenticated(connection);
        renewed = true;
        await caller.renew(tried.attempt.credential);
        continue;
      }
      const delayMs = this.#delayBeforeNext(asked, tried, attempts);
      if (delayMs === null || waitedMs + delayMs > BUDGET_MS) return this.#answer(asked, tried, attempts);
      waitedMs += delayMs;
      const why = result.head === null ? detailOf(result) : `status ${String(result.head.status)}`;
      const path = asked.request.target.split('?')[0] ?? '';
      this.#deps.io.emit('CLUSTER_RETRY', `Trying again in ${String(delayMs)} ms: ${why}`, {
        attempt: attempts,
        delayMs,
        path,
      });
      await this.#deps.pause(delayMs, asked.request.signal);
    }
  }

  async #try({ request }: ActuateRequest): Promise<Tried> {
    const parts: Buffer[] = [];
    const receiver: HttpReceiver = {
      head: () => 'keep',
      chunk: (bytes) => {
        parts.push(bytes);
      },
    };
    const attempt = await this.#deps.caller.attempt(request, receiver);
    return { attempt, body: Buffer.concat(parts) };
  }

  /** Milliseconds, or `null` when this was the last word. */
  #delayBeforeNext(asked: ActuateRequest, { attempt, body }: Tried, attempts: number): number | null {
    const { result } = attempt;
    if (attempts >= MAX_ATTEMPTS || result.end === 'aborted') return null;
    const { head } = result;
    if (head !== null && result.end === 'complete') return this.#delayAfter(asked, { head, body, attempts });
    const hopeful = result.failure === null ? result.end === 'cut' : isTransientFailure(result.failure);
    // Where there was a connection the request may have left.
    return hopeful && (!result.connected || asked.repeatable) ? backoffMs(attempts, jitter()) : null;
  }

  #delayAfter(asked: ActuateRequest, { head, body, attempts }: Answered): number | null {
    // A budget that holds back an eviction answers 429 as well: whether to wait for it is not ours to decide.
    const nowMs = this.#deps.clock.nowMs();
    const throttled = head.status === 429 && refusalOf(head, body, { right: asked.right, nowMs }).kind === 'throttled';
    if (throttled) return throttleDelayMs(head, attempts, { nowMs, random: jitter() });
    return asked.repeatable && PASSING.has(head.status) ? backoffMs(attempts, jitter()) : null;
  }

  #answer(asked: ActuateRequest, { attempt, body }: Tried, attempts: number): ActuateAnswer {
    const { result } = attempt;
    const head = result.head;
    const call: ActuateCall = {
      method: asked.request.method,
      url: attempt.url,
      auditId: attempt.auditIdSent,
      sentAt: toRfc3339(attempt.sentAtMs),
      attempts,
      bodySha256: head === null ? null : result.sha256,
      warnings: parseWarnings(head?.headers['warning']),
    };
    if (head === null || result.end !== 'complete') return this.#unanswered(asked, attempt, call);
    const { status } = head;
    if (status >= 200 && status < 300) {
      const object = parseJson(body);
      if (asked.isAnswer?.(object) ?? stringAt(object, 'kind') !== undefined)
        return { ...call, outcome: 'done', status, object };
      return { ...call, outcome: 'unknown', detail: `status ${String(status)} with what is no object of the API` };
    }
    const refusal = refusalOf(head, body, { right: asked.right, nowMs: this.#deps.clock.nowMs() });
    // What a gateway says of a server that it lost says nothing of what the server did.
    const ofGateway = status >= 500 && asked.request.method !== 'GET';
    if (ofGateway)
      return { ...call, outcome: 'unknown', detail: `status ${String(status)}: ${words(refusal.message)}` };
    return { ...call, outcome: 'refused', status, refusal };
  }

  #unanswered(asked: ActuateRequest, attempt: Attempt, call: ActuateCall): ActuateAnswer {
    const { result } = attempt;
    if (asked.request.method !== 'GET' && result.connected)
      return { ...call, outcome: 'unknown', detail: detailOf(result) };
    if (result.failure !== null) throw exhibitErrorOf(result.failure, this.#deps.connection, undefined);
    const code = {
      timeout: 'TIMEOUT',
      limit: 'LIMIT_REACHED',
      aborted: 'INTERRUPTED',
      cut: 'CUT',
      complete: 'CUT',
    } as const;
    throw new ExhibitError(code[result.end], `The answer is not whole: ${detailOf(result)}.`, { subject: attempt.url });
  }
}

function words(message: string): string {
  return escapeForTerminal(message, 300);
}
