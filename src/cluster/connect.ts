import type { ConnectionFacts } from '../model/connection.js';
import { ExhibitError } from '../model/errors.js';
import type {
  BodyConsumer,
  BufferedAnswer,
  ClusterReader,
  ListEnd,
  ListPage,
  ListRequest,
  ReadAnswer,
  ReadRequest,
} from '../ports/cluster-reader.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import { abortablePause, joinSignals } from './abortable-pause.js';
import { answerOf, assertApi, assertWhole } from './answers.js';
import { createCaller, type AttemptRequest, type Caller } from './attempt.js';
import { createBrakes, DEFAULT_BRAKES, type Brakes, type BrakeSystem } from './brakes.js';
import { readList } from './list-pager.js';
import { createNodeBreaker } from './node-breaker.js';
import { ReadCaller, type Call, type CallResult } from './read-call.js';
import type { ResolvedConnection } from './resolved-connection.js';

const FIRST_BYTE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
/** Log streams at once at the beginning: until some were answered nobody knows what else the server has to do. */
const FIRST_STREAMS = 8;
/** A pause between pages that is shorter is not worth a message. */
const TOLD_PAUSE_MS = 1000;
const JSON_TYPE = 'application/json';

type Query = readonly (readonly [string, string])[];

const NEVER_BEGUN: ListEnd = {
  complete: false,
  pages: 0,
  items: 0,
  attempts: 0,
  inconsistent: false,
  resourceVersion: '',
  reason: 'interrupted',
  detail: null,
  status: null,
};

export interface ConnectDeps {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  readonly userAgent: string;
  readonly limits?: Partial<Brakes>;
  /** Log streams at once before any was answered; default 8. */
  readonly firstStreams?: number;
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal;
  /** How waiting is done; tests replace it. */
  readonly pause?: (delayMs: number, signal: AbortSignal | null) => Promise<void>;
}

function targetOf(path: string, query: Query): string {
  if (!path.startsWith('/') || /[^\x21-\x7e]|[?#\\]/.test(path))
    throw new ExhibitError('INTERNAL', 'A request path is not absolute, or not escaped.', { subject: path });
  if (query.length === 0) return path;
  return `${path}?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

class ConnectedReader implements ClusterReader {
  readonly facts: ConnectionFacts;
  readonly #connection: ResolvedConnection;
  readonly #deps: ConnectDeps;
  readonly #brakes: BrakeSystem;
  readonly #caller: Caller;
  readonly #reads: ReadCaller;
  readonly #pause: (delayMs: number, signal: AbortSignal | null) => Promise<void>;

  constructor(connection: ResolvedConnection, deps: ConnectDeps) {
    this.facts = connection.facts;
    this.#connection = connection;
    this.#deps = deps;
    this.#brakes = createBrakes(
      { ...DEFAULT_BRAKES, ...deps.limits },
      { firstStreams: deps.firstStreams ?? FIRST_STREAMS, monoUs: () => deps.clock.monoUs() },
    );
    this.#caller = createCaller(connection, deps);
    this.#pause = deps.pause ?? abortablePause;
    const breaker = createNodeBreaker(deps.clock);
    this.#reads = new ReadCaller({
      connection,
      caller: this.#caller,
      brakes: this.#brakes,
      breaker,
      clock: deps.clock,
      io: deps.io,
      pause: this.#pause,
    });
  }

  async get(request: ReadRequest): Promise<BufferedAnswer> {
    return await this.#withSignal(
      request.signal,
      async (signal) => (await this.#buffered(this.#replayed(request, signal))).answer,
    );
  }

  async stream(request: ReadRequest, consumer: BodyConsumer): Promise<ReadAnswer> {
    return await this.#withSignal(request.signal, async (signal) => {
      const call = this.#callOf(request, { replay: false, maxBytes: request.maxBytes ?? null, signal });
      return answerOf(await this.#reads.call(call, consumer), 'GET');
    });
  }

  async list(request: ListRequest, onPage: (page: ListPage) => Promise<void>): Promise<ListEnd> {
    return await this.#withSignal(request.signal, async (signal) => {
      let leave: () => void;
      try {
        leave = await this.#brakes.enterList(signal);
      } catch {
        return NEVER_BEGUN;
      }
      try {
        return await readList(
          {
            fetchPage: (page, query) => this.#fetchPage(page, query, signal),
            onInconsistent: (path) => {
              this.#deps.io.emit(
                'CLUSTER_INCONSISTENT',
                `The list of ${path} expired twice and goes on at a later state.`,
                { path },
              );
            },
          },
          request,
          onPage,
        );
      } finally {
        leave();
      }
    });
  }

  async review(path: string, body: unknown): Promise<BufferedAnswer> {
    return await this.#withSignal(undefined, async (signal) => {
      const call = this.#replayed({ path, kind: 'small' }, signal);
      const post = { ...call.request, method: 'POST', body: Buffer.from(JSON.stringify(body), 'utf8') } as const;
      return (await this.#buffered({ ...call, request: post })).answer;
    });
  }

  close(): Promise<void> {
    this.#caller.close();
    return Promise.resolve();
  }

  #callOf(request: ReadRequest, rest: Pick<Call, 'replay'> & Pick<AttemptRequest, 'maxBytes' | 'signal'>): Call {
    const { requestTimeoutMs } = this.#connection;
    return {
      kind: request.kind,
      node: request.node,
      attempts: request.attempts,
      replay: rest.replay,
      request: {
        method: 'GET',
        target: targetOf(request.path, request.query ?? []),
        accept: request.accept ?? JSON_TYPE,
        body: null,
        firstByteTimeoutMs:
          request.firstByteTimeoutMs ??
          requestTimeoutMs ??
          Math.min(FIRST_BYTE_TIMEOUT_MS, request.idleTimeoutMs ?? IDLE_TIMEOUT_MS),
        idleTimeoutMs: request.idleTimeoutMs ?? requestTimeoutMs ?? IDLE_TIMEOUT_MS,
        maxBytes: rest.maxBytes,
        signal: rest.signal,
      },
    };
  }

  #replayed(request: ReadRequest, signal: AbortSignal | null): Call {
    return this.#callOf(request, { replay: true, maxBytes: request.maxBytes ?? MAX_BUFFERED_BYTES, signal });
  }

  async #buffered(call: Call): Promise<{ readonly answer: BufferedAnswer; readonly done: CallResult }> {
    let parts: Buffer[] = [];
    const done = await this.#reads.call(call, {
      head: () => {
        parts = [];
        return true;
      },
      chunk: (bytes) => {
        parts.push(bytes);
      },
    });
    const answer = { ...answerOf(done, call.request.method), body: Buffer.concat(parts) };
    assertWhole(answer);
    assertApi(answer, call.request.accept);
    return { answer, done };
  }

  async #fetchPage(list: ListRequest, query: Query, signal: AbortSignal | null): Promise<BufferedAnswer> {
    const request: ReadRequest = {
      path: list.path,
      query,
      kind: 'list',
      maxBytes: list.maxPageBytes ?? MAX_BUFFERED_BYTES,
      ...(list.accept === undefined ? {} : { accept: list.accept }),
    };
    const { answer, done } = await this.#buffered(this.#replayed(request, signal));
    const delayMs = answer.status === 200 ? this.#brakes.pageAnswered(done.attempt.result.headAfterMs ?? 0) : 0;
    if (delayMs > 0) {
      if (delayMs >= TOLD_PAUSE_MS) this.#tellPause(delayMs);
      await this.#pause(delayMs, signal);
    }
    return answer;
  }

  #tellPause(delayMs: number): void {
    this.#deps.io.emit('CLUSTER_THROTTLED', `The server takes long for a page; pausing ${String(delayMs)} ms.`, {
      delayMs,
      listsAtOnce: this.#brakes.listConcurrency(),
    });
  }

  async #withSignal<Result>(
    own: AbortSignal | undefined,
    run: (signal: AbortSignal | null) => Promise<Result>,
  ): Promise<Result> {
    const joined = joinSignals(own, this.#deps.signal);
    try {
      return await run(joined.signal);
    } finally {
      joined.done();
    }
  }
}

/** Reads one connection's cluster; see the port for the contract. Opens no connection before the first call. */
export function connectCluster(connection: ResolvedConnection, deps: ConnectDeps): ClusterReader {
  if (connection.insecure) {
    const why =
      connection.protocol === 'http:'
        ? 'The server is addressed by plain http: nothing is encrypted or checked.'
        : 'The certificate of the server is not checked.';
    deps.io.emit('CLUSTER_INSECURE', why, { server: connection.facts.server });
  }
  return new ConnectedReader(connection, deps);
}
