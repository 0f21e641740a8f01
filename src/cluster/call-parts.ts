import type { ClientCertificate, HttpEndpoint } from '../http/http-exchange-types.js';
import type { Credential } from './credential.js';
import type { ResolvedConnection } from './resolved-connection.js';

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** What stands before every API path; without trailing slash. */
export function baseUrl(connection: ResolvedConnection): string {
  const host = connection.host.includes(':') ? `[${connection.host}]` : connection.host;
  return `${connection.protocol}//${host}:${String(connection.port)}${connection.basePath}`;
}

/** Where and how to connect, with the client certificate of the moment. */
export function endpointOf(connection: ResolvedConnection, clientCertificate: ClientCertificate | null): HttpEndpoint {
  const { protocol, host, port, ca, serverName, insecure, proxy } = connection;
  const limits = { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxConnections: MAX_CONNECTIONS };
  return { protocol, host, port, ca, serverName, insecure, proxy, clientCertificate, ...limits };
}

export interface CallHeaders {
  readonly connection: ResolvedConnection;
  readonly credential: Credential;
  readonly accept: string;
  readonly userAgent: string;
  readonly auditId: string;
}

/** Headers that every call carries, the credential among them: secret. */
export function callHeaders(parts: CallHeaders): (readonly [string, string])[] {
  const { authorization } = parts.credential;
  return [
    ['Accept', parts.accept],
    ['Accept-Encoding', 'identity'],
    ['User-Agent', parts.userAgent],
    ['Audit-ID', parts.auditId],
    ...(authorization === null ? [] : [['Authorization', authorization] as const]),
    ...parts.connection.impersonation,
  ];
}
