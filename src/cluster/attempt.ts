import { createHttpClient, type HttpClient } from '../http/http-client.js';
import type { ClientCertificate, HttpReceiver, HttpRequest, HttpResult } from '../http/http-exchange-types.js';
import { toRfc3339 } from '../lib/clock.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { RequestEnd, RequestLog } from '../ports/request-log.js';
import { baseUrl, callHeaders, endpointOf } from './call-parts.js';
import { createCredentialSource } from './credential-source.js';
import type { Credential } from './credential.js';
import type { ResolvedConnection } from './resolved-connection.js';

/** One call as it will be sent. */
export interface AttemptRequest {
  readonly method: HttpRequest['method'];
  /** Path with query, without the server's base path. */
  readonly target: string;
  readonly accept: string;
  readonly body: Buffer | null;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBytes: number | null;
  readonly signal: AbortSignal | null;
}

/** One call as it went. Whatever happened, it is in the request log. */
export interface Attempt {
  readonly result: HttpResult;
  readonly url: string;
  readonly auditIdSent: string;
  readonly sentAtMs: number;
  readonly credential: Credential;
}

export interface AttemptDeps {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly userAgent: string;
  /** Default true. Without, each call has a connection of its own: none can be lost with a connection that the server has given up. */
  readonly keepConnections?: boolean;
}

export interface Caller {
  /** One request, logged before and after. Throws what the credential source throws, before anything is sent. */
  attempt(request: AttemptRequest, receiver: HttpReceiver): Promise<Attempt>;
  renew(refused: Credential): Promise<void>;
  close(): void;
}

function sameCertificate(one: ClientCertificate | null, other: ClientCertificate | null): boolean {
  if (one === null || other === null) return one === other;
  return one.cert.equals(other.cert) && one.key.equals(other.key);
}

function errorText(result: HttpResult): string | null {
  if (result.failure !== null) return `${result.failure.step}: ${result.failure.message}`;
  if (result.thrown !== null) return 'the receiver of the bytes failed';
  return result.end === 'complete' ? null : escapeForTerminal(`${result.end}: ${result.endDetail ?? ''}`, 400);
}

export function instant(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}

function logEnd(result: HttpResult): RequestEnd {
  return {
    status: result.head?.status ?? null,
    auditIdAnswered: result.head?.headers['audit-id'] ?? null,
    serverDate: result.head?.headers['date'] ?? null,
    sizeBytes: result.sizeBytes,
    sha256: result.head === null ? null : result.sha256,
    tlsPeerSha256: result.tlsPeerSha256,
    firstByteAt: instant(result.firstByteAtMs),
    lastByteAt: instant(result.lastByteAtMs),
    error: errorText(result),
  };
}

/** Sends calls of one connection, with its credential, over connections that are renewed when the client certificate is. */
export function createCaller(connection: ResolvedConnection, deps: AttemptDeps): Caller {
  const { clock, requestLog } = deps;
  const credentials = createCredentialSource(connection, clock);
  const base = baseUrl(connection);
  let certificate: ClientCertificate | null = null;
  let client: HttpClient | null = null;

  const currentClient = (credential: Credential): HttpClient => {
    if (client !== null && sameCertificate(certificate, credential.certificate)) return client;
    client?.retire();
    certificate = credential.certificate;
    client = createHttpClient(endpointOf(connection, certificate), clock);
    if (deps.keepConnections === false) client.retire();
    return client;
  };
  const headersFor = (request: AttemptRequest, credential: Credential, auditId: string): HttpRequest['headers'] => {
    const length =
      request.body === null
        ? []
        : [
            ['Content-Type', request.contentType ?? 'application/json'] as const,
            ['Content-Length', String(request.body.length)] as const,
          ];
    const { accept } = request;
    return [...callHeaders({ connection, credential, accept, userAgent: deps.userAgent, auditId }), ...length];
  };

  return {
    attempt: async (request, receiver) => {
      const credential = await credentials.current();
      const auditIdSent = deps.ids.uuid();
      const url = base + request.target;
      const sentAtMs = clock.nowMs();
      const seq = requestLog.begin({ method: request.method, url, auditIdSent, sentAt: toRfc3339(sentAtMs) });
      const target = connection.basePath + request.target;
      const headers = headersFor(request, credential, auditIdSent);
      const result = await currentClient(credential).exchange({ ...request, target, headers }, receiver);
      requestLog.end(seq, logEnd(result));
      return { result, url, auditIdSent, sentAtMs, credential };
    },
    renew: (refused) => credentials.renew(refused),
    close: () => client?.close(),
  };
}
