import { toRfc3339 } from '../lib/clock.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { ApiRight } from '../model/api-refusal.js';
import { ExhibitError } from '../model/errors.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { ClusterExec, ExecEnd, ExecRequest } from '../ports/cluster-exec.js';
import type { RequestEnd, RequestLog } from '../ports/request-log.js';
import { joinSignals } from './abortable-pause.js';
import { baseUrl, callHeaders, endpointOf } from './call-parts.js';
import { createCredentialSource } from './credential-source.js';
import type { Credential, CredentialSource } from './credential.js';
import { EXEC_PROTOCOL, type Handshake, openExecSocket } from './exec-handshake.js';
import { EXEC_TIMING, ExecSession, type ExecTiming } from './exec-session.js';
import { execUrl } from './exec-url.js';
import { refusalError } from './refusal-error.js';
import { isApiStatus, refusalOf } from './refusal.js';
import type { ResolvedConnection } from './resolved-connection.js';
import { exhibitErrorOf } from './transport-exhibit-error.js';
import { unauthenticated } from './unauthenticated.js';

const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface ExecDeps {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly userAgent: string;
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal;
  /** Tests replace it. */
  readonly timing?: Partial<ExecTiming>;
}

type SessionEnd = Omit<ExecEnd, 'auditId'>;

/** One handshake and what came of it; it is in the request log from before it is sent. */
interface Attempt {
  readonly handshake: Handshake;
  readonly auditId: string;
  readonly credential: Credential;
  /** Writes the end of the line: of an open one when the program has ended. */
  end(session: SessionEnd | null, error: string | null): void;
}

class ConnectedExec implements ClusterExec {
  readonly #connection: ResolvedConnection;
  readonly #deps: ExecDeps;
  readonly #credentials: CredentialSource;
  readonly #closing = new AbortController();

  constructor(connection: ResolvedConnection, deps: ExecDeps) {
    this.#connection = connection;
    this.#deps = deps;
    this.#credentials = createCredentialSource(connection, deps.clock);
  }

  async exec(request: ExecRequest): Promise<ExecEnd> {
    const own = joinSignals(request.signal, this.#deps.signal);
    const joined = joinSignals(own.signal ?? undefined, this.#closing.signal);
    try {
      return await this.#exec(request, joined.signal);
    } finally {
      joined.done();
      own.done();
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #exec(request: ExecRequest, signal: AbortSignal | null): Promise<ExecEnd> {
    const url = execUrl(baseUrl(this.#connection), request);
    const first = await this.#attempt(url, signal);
    if (!isRefusal(first.handshake, 401)) return await this.#carry(request, first, signal);
    await this.#credentials.renew(first.credential);
    const second = await this.#attempt(url, signal);
    if (isRefusal(second.handshake, 401)) throw unauthenticated(this.#connection);
    return await this.#carry(request, second, signal);
  }

  async #attempt(url: string, signal: AbortSignal | null): Promise<Attempt> {
    const { clock, ids, requestLog, userAgent } = this.#deps;
    const connection = this.#connection;
    const credential = await this.#credentials.current();
    const auditId = ids.uuid();
    const seq = requestLog.begin({ method: 'GET', url, auditIdSent: auditId, sentAt: toRfc3339(clock.nowMs()) });
    const handshake = await openExecSocket({
      endpoint: endpointOf(connection, credential.certificate),
      url,
      headers: callHeaders({ connection, credential, accept: '*/*', userAgent, auditId }),
      timeoutMs: connection.requestTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      signal,
    });
    const end: Attempt['end'] = (session, error) => {
      requestLog.end(seq, logEnd(handshake, session, error));
    };
    if (handshake.kind === 'failed') end(null, `${handshake.failure.step}: ${handshake.failure.message}`);
    if (handshake.kind === 'refused') end(null, null);
    return { handshake, auditId, credential, end };
  }

  async #carry(request: ExecRequest, attempt: Attempt, signal: AbortSignal | null): Promise<ExecEnd> {
    const { handshake, auditId } = attempt;
    if (handshake.kind === 'failed') throw exhibitErrorOf(handshake.failure, this.#connection, undefined);
    if (handshake.kind === 'refused') throw this.#refused(request, handshake);
    const { clock, timing } = this.#deps;
    const session = new ExecSession({
      socket: handshake.socket,
      request,
      clock,
      signal,
      timing: { ...EXEC_TIMING, ...timing },
    });
    try {
      const end = await session.run();
      attempt.end(end, end.end === 'complete' ? null : escapeForTerminal(`${end.end}: ${end.detail}`, 400));
      return { ...end, auditId };
    } catch (error) {
      attempt.end(null, 'the receiver of the bytes failed');
      throw error;
    }
  }

  #refused(request: ExecRequest, { head, body }: Extract<Handshake, { kind: 'refused' }>): ExhibitError {
    const { namespace, pod, container } = request;
    const subject = `${namespace}/${pod}/${container}`;
    if (head.status < 400 || !isApiStatus(body)) return notUpgraded(head.status, subject);
    // A WebSocket begins as a GET: up to 1.34 the verb is get, later create as well; the server's sentence says which it missed.
    const right: ApiRight = { verb: 'get', group: '', resource: 'pods/exec', namespace, name: pod };
    return refusalError(refusalOf(head, body, { right, nowMs: this.#deps.clock.nowMs() }), subject);
  }
}

/** The bytes are those of both streams; which item they became has its own digest. */
function logEnd(handshake: Handshake, session: SessionEnd | null, error: string | null): RequestEnd {
  const head = handshake.kind === 'failed' ? { status: null, headers: {} } : handshake.head;
  const headers: Readonly<Record<string, string>> = head.headers;
  return {
    status: head.status,
    auditIdAnswered: headers['audit-id'] ?? null,
    serverDate: headers['date'] ?? null,
    sizeBytes: session === null ? 0 : session.stdoutBytes + session.stderrBytes,
    sha256: null,
    tlsPeerSha256: handshake.tlsPeerSha256,
    firstByteAt: session?.firstByteAt ?? null,
    lastByteAt: session?.lastByteAt ?? null,
    error,
  };
}

function isRefusal(handshake: Handshake, status: number): boolean {
  return handshake.kind === 'refused' && handshake.head.status === status;
}

function notUpgraded(status: number, subject: string): ExhibitError {
  return new ExhibitError(
    'CLUSTER_PROTOCOL',
    `The connection was not upgraded to ${EXEC_PROTOCOL} (status ${String(status)}): the server is older than Kubernetes 1.30, or a proxy in between passes no WebSocket.`,
    { subject, hints: ['kubectl version'] },
  );
}

/** Programs in containers over one connection's cluster; see the port for the contract. Opens no connection before the first call. */
export function connectExec(connection: ResolvedConnection, deps: ExecDeps): ClusterExec {
  return new ConnectedExec(connection, deps);
}
