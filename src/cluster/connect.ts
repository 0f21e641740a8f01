import { ExhibitError } from '../model/errors.js';
import type { BodyConsumer, BufferedAnswer, ClusterReader, ListEnd, ListPage, ListRequest, ReadAnswer, ReadRequest } from '../ports/cluster-reader.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import { abortablePause, joinSignals } from './abortable-pause.js';
import { answerOf, assertApi, assertWhole } from './answers.js';
import { createCaller } from './attempt.js';
import { createBrakes, DEFAULT_BRAKES, type Brakes } from './brakes.js';
import { readList } from './list-pager.js';
import { createNodeBreaker } from './node-breaker.js';
import { createReadCaller, type Call, type CallResult } from './read-call.js';
import type { ResolvedConnection } from './resolved-connection.js';

const FIRST_BYTE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const JSON_TYPE = 'application/json';

export interface ConnectDeps {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  readonly userAgent: string;
  readonly limits?: Partial<Brakes>;
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal;
  /** How waiting is done; tests replace it. */
  readonly pause?: (delayMs: number, signal: AbortSignal | null) => Promise<void>;
}

function targetOf(path: string, query: readonly (readonly [string, string])[]): string {
  if (!path.startsWith('/') || /[^\x21-\x7e]|[?#\\]/.test(path)) throw new ExhibitError('INTERNAL', 'A request path is not absolute, or not escaped.', { subject: path });
  if (query.length === 0) return path;
  return `${path}?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

/** Reads one connection's cluster; see the port for the contract. Opens no connection before the first call. */
export function connectCluster(connection: ResolvedConnection, deps: ConnectDeps): ClusterReader {
  const brakes = createBrakes({ ...DEFAULT_BRAKES, ...deps.limits });
  const pause = deps.pause ?? abortablePause;
  const caller = createCaller(connection, deps);
  const reads = createReadCaller({ connection, caller, brakes, breaker: createNodeBreaker(deps.clock), clock: deps.clock, io: deps.io, pause });
  if (connection.insecure) {
    const why = connection.protocol === 'http:' ? 'The server is addressed by plain http: nothing is encrypted or checked.' : 'The certificate of the server is not checked.';
    deps.io.emit('CLUSTER_INSECURE', why, { server: connection.facts.server });
  }

  const callOf = (request: ReadRequest, rest: Pick<Call, 'replay'> & { readonly maxBytes: number | null; readonly signal: AbortSignal | null }): Call => ({
    kind: request.kind, node: request.node, attempts: request.attempts, replay: rest.replay,
    request: {
      method: 'GET', target: targetOf(request.path, request.query ?? []), accept: request.accept ?? JSON_TYPE, body: null,
      firstByteTimeoutMs: request.firstByteTimeoutMs ?? connection.requestTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS,
      idleTimeoutMs: request.idleTimeoutMs ?? connection.requestTimeoutMs ?? IDLE_TIMEOUT_MS,
      maxBytes: rest.maxBytes, signal: rest.signal,
    },
  });
  const buffered = async (call: Call): Promise<{ readonly answer: BufferedAnswer; readonly done: CallResult }> => {
    let parts: Buffer[] = [];
    const done = await reads.call(call, {
      head: () => {
        parts = [];
        return true;
      },
      chunk: (bytes) => { parts.push(bytes); },
    });
    const answer = { ...answerOf(done, call.request.method), body: Buffer.concat(parts) };
    assertWhole(answer);
    assertApi(answer, call.request.accept);
    return { answer, done };
  };
  const withSignal = async <Result>(own: AbortSignal | undefined, run: (signal: AbortSignal | null) => Promise<Result>): Promise<Result> => {
    const joined = joinSignals(own, deps.signal);
    try {
      return await run(joined.signal);
    } finally {
      joined.done();
    }
  };

  const get = (request: ReadRequest): Promise<BufferedAnswer> => withSignal(request.signal, async (signal) =>
    (await buffered(callOf(request, { replay: true, maxBytes: request.maxBytes ?? MAX_BUFFERED_BYTES, signal }))).answer);
  const stream = (request: ReadRequest, consumer: BodyConsumer): Promise<ReadAnswer> => withSignal(request.signal, async (signal) =>
    answerOf(await reads.call(callOf(request, { replay: false, maxBytes: request.maxBytes ?? null, signal }), consumer), 'GET'));
  const fetchPage = async (list: ListRequest, query: readonly (readonly [string, string])[], signal: AbortSignal | null): Promise<BufferedAnswer> => {
    const request: ReadRequest = { path: list.path, query, kind: 'list', ...(list.accept === undefined ? {} : { accept: list.accept }) };
    const { answer, done } = await buffered(callOf(request, { replay: true, maxBytes: list.maxPageBytes ?? MAX_BUFFERED_BYTES, signal }));
    const pauseMs = answer.status === 200 ? brakes.pageAnswered(done.attempt.result.headAfterMs ?? 0) : 0;
    if (pauseMs > 0) {
      deps.io.emit('CLUSTER_THROTTLED', `The server takes long for a page; pausing ${String(pauseMs)} ms.`, { delayMs: pauseMs, listsAtOnce: brakes.listConcurrency() });
      await pause(pauseMs, signal);
    }
    return answer;
  };
  const list = (request: ListRequest, onPage: (page: ListPage) => Promise<void>): Promise<ListEnd> => withSignal(request.signal, async (signal) => {
    let leave: () => void;
    try {
      leave = await brakes.enterList(signal);
    } catch {
      return { complete: false, pages: 0, items: 0, attempts: 0, inconsistent: false, resourceVersion: '', reason: 'interrupted', detail: null, status: null };
    }
    try {
      return await readList({
        fetchPage: (page, query) => fetchPage(page, query, signal),
        onInconsistent: (path) => { deps.io.emit('CLUSTER_INCONSISTENT', `The list of ${path} expired twice and goes on at a later state.`, { path }); },
      }, request, onPage);
    } finally {
      leave();
    }
  });
  const review = (path: string, body: unknown): Promise<BufferedAnswer> => withSignal(undefined, async (signal) => {
    const call = callOf({ path, kind: 'small' }, { replay: true, maxBytes: MAX_BUFFERED_BYTES, signal });
    return (await buffered({ ...call, request: { ...call.request, method: 'POST', body: Buffer.from(JSON.stringify(body), 'utf8') } })).answer;
  });

  return {
    facts: connection.facts, get, stream, list, review,
    close: () => {
      caller.close();
      return Promise.resolve();
    },
  };
}
