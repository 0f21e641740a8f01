import type { BodyDigest, BodyEnd } from '../ports/cluster-reader.js';
import type { TransportFailure } from './transport-failure.js';

/** A proxy that carries the connection by CONNECT. `authorization` is the whole value of `Proxy-Authorization`; a secret. */
export interface ProxyEndpoint {
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
  readonly authorization: string | null;
}

/** PEM. The key is a secret. */
export interface ClientCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** One server, and how a connection to it is made and judged. */
export interface HttpEndpoint {
  readonly protocol: 'http:' | 'https:';
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** PEM bundle that replaces the system's roots; `null` = the runtime's own roots. */
  readonly ca: Buffer | null;
  /** The name that the certificate must bear and that SNI announces; `null` = `host`. */
  readonly serverName: string | null;
  readonly insecure: boolean;
  readonly clientCertificate: ClientCertificate | null;
  readonly proxy: ProxyEndpoint | null;
  /** Name look-up, TCP, CONNECT and TLS together. */
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path with query, escaped. */
  readonly target: string;
  /** A repeated name is sent as repeated lines. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
  /** From the moment a connection is there until the whole head is. */
  readonly firstByteTimeoutMs: number;
  /** Silence between chunks; fewer than 1 KiB in four times this long counts as dead as well. */
  readonly idleTimeoutMs: number;
  /** `null` = no limit. */
  readonly maxBytes: number | null;
  readonly signal: AbortSignal | null;
}

/** Untrusted; names in lower case, repeated ones joined with `, `. */
export interface HttpHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpReceiver {
  /** `drop`: the body is counted and hashed but not handed over; both that and `brief` cut it off after 64 KiB. */
  head(head: HttpHead): 'keep' | 'brief' | 'drop';
  /** Owns the chunk. A returned promise holds the connection back; what it throws ends the exchange. */
  chunk(bytes: Buffer): void | Promise<void>;
  /**
   * Where it is there and `head` says `keep`, the body is not hashed here: this digest is taken, once, after the last chunk, if it covers
   * every byte handed over. Otherwise the digest of the exchange is `null`, and the receiver counts as failed.
   */
  digest?(): BodyDigest | null;
}

/** How one exchange ended. Either `head` or `failure` is there; `thrown` is what the receiver threw. Times in epoch milliseconds. */
export interface HttpResult {
  readonly head: HttpHead | null;
  readonly failure: TransportFailure | null;
  readonly thrown: { readonly error: unknown } | null;
  readonly end: BodyEnd;
  readonly endDetail: string | null;
  readonly sizeBytes: number;
  /** Of the body bytes received, whole or not; lower-case hex. `null` only where `thrown` is there. */
  readonly sha256: string | null;
  /** There was a connection for it: what was to be sent may have left, in part or whole. */
  readonly connected: boolean;
  /** SHA-256 of the DER of the server's certificate; `null` without TLS. */
  readonly tlsPeerSha256: string | null;
  readonly headAtMs: number | null;
  readonly firstByteAtMs: number | null;
  readonly lastByteAtMs: number | null;
  /** Monotonic, from having a connection to having the head. */
  readonly headAfterMs: number | null;
}
