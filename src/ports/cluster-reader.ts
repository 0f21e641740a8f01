import type { ConnectionFacts } from '../model/connection.js';

/** Which brake a request passes: `list` three at a time in all, `stream` two a node and 32 in all, `small` unbraked but counted. */
export type ReadKind = 'small' | 'list' | 'stream';

export interface ReadRequest {
  /** Absolute path with escaped segments, no query: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  /** Default `application/json`. */
  readonly accept?: string;
  readonly kind: ReadKind;
  /** The node whose kubelet answers in the end: brake and circuit breaker are per node. */
  readonly node?: string;
  /** Silence after which the answer counts as dead; default 30,000 before the head, 60,000 between chunks. */
  readonly firstByteTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** The body is cut off by us at this many bytes; default 64 MiB for `get`, none for `stream`. */
  readonly maxBytes?: number;
  /** Attempts in all for transient failures before any body byte was handed over; default 4. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** How a body ended. Only `complete` is positive: framing says so (length reached, last chunk seen). */
export type BodyEnd = 'complete' | 'cut' | 'timeout' | 'limit' | 'aborted';

/** One answer. Times RFC 3339 UTC by our clock; `serverDate` is the header as received. */
export interface ReadAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined with `, `. Untrusted. */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly method: string;
  readonly auditIdSent: string;
  readonly auditIdAnswered: string | null;
  readonly serverDate: string | null;
  readonly sentAtMs: number;
  readonly headAtMs: number;
  readonly firstByteAt: string | null;
  readonly lastByteAt: string | null;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly attempts: number;
  readonly end: BodyEnd;
  /** Plain words when `end` is not `complete`. */
  readonly endDetail: string | null;
}

export interface BufferedAnswer extends ReadAnswer {
  readonly body: Buffer;
}

/** Of everything that a consumer was handed since the head, in order. Lower-case hex; bytes. */
export interface BodyDigest {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface BodyConsumer {
  /** Called once with the head, before any chunk; return false to have the body counted and dropped (bounded to 64 KiB, then cut off). */
  head?(status: number, headers: Readonly<Record<string, string>>): boolean;
  /** Owns the chunk from here on. A returned promise holds the stream back. What it throws ends the request and is thrown to the caller. */
  chunk(bytes: Buffer): void | Promise<void>;
  /**
   * For consumers that hash anyway, so that a body is hashed once: the reader takes this digest for its own. Asked once, after the last
   * chunk was taken, also when `chunk` threw; `null` when not all of it was hashed. A digest that does not cover the bytes that the
   * reader handed over counts as an error of the consumer.
   */
  digest?(): BodyDigest | null;
}

export interface ListRequest {
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly accept?: string;
  /** Objects per page; default 500. */
  readonly pageSize?: number;
  readonly maxPageBytes?: number;
  /** Refuses more pages than this; default 100,000. */
  readonly maxPages?: number;
  readonly signal?: AbortSignal;
}

export interface ListPage {
  /** 1 for the first try; 2 after the one restart that a 410 causes. */
  readonly attempt: number;
  /** From 1 within the attempt. */
  readonly number: number;
  /** The body as received. */
  readonly body: Buffer;
  readonly answer: ReadAnswer;
  /** `items` (or `rows` of a Table) as parsed; untrusted. */
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  readonly continueToken: string;
}

/** How a list ended. `complete` needs: every page well-formed, the last one without `continue`, no token seen twice. */
export interface ListEnd {
  readonly complete: boolean;
  readonly pages: number;
  readonly items: number;
  readonly attempts: number;
  /** The list was continued at a later resource version after 410. */
  readonly inconsistent: boolean;
  readonly resourceVersion: string;
  /** Stable kebab-case reason when not complete: `forbidden`, `not-found`, `expired`, `not-json`, `cut`, `token-repeated`, ... */
  readonly reason: string | null;
  readonly detail: string | null;
  /** Status of the answer that ended the list; `null` when there was none. */
  readonly status: number | null;
}

/**
 * Reads from a Kubernetes API. Every call carries an Audit-ID of our own making and is in the request log, lost calls included.
 * Retries transient failures (connection refused or reset before the head, 429 and 503 with Retry-After, 500, 502, 504) with back-off;
 * renews credentials once on 401. Never follows a redirect. Safe for concurrent use.
 */
export interface ClusterReader {
  readonly facts: ConnectionFacts;
  /** A whole body in memory. Any status is returned; throws `CLUSTER_UNREACHABLE`, `CLUSTER_UNAUTHENTICATED` (401 twice), `TIMEOUT`, `CUT`, `LIMIT_REACHED`, `INTERRUPTED`. */
  get(request: ReadRequest): Promise<BufferedAnswer>;
  /** Streams a body; once a head was received it returns, with `end` telling how the body ended. Throws as `get` when there is no head. */
  stream(request: ReadRequest, consumer: BodyConsumer): Promise<ReadAnswer>;
  /** Pages of a list, strictly one after another; `onPage` is awaited before the next request. Never throws for what the server does; throws what `onPage` throws. */
  list(request: ListRequest, onPage: (page: ListPage) => Promise<void>): Promise<ListEnd>;
  /** A self-review (SelfSubjectReview, SelfSubjectAccessReview): the only POST, which changes nothing. Body and answer are JSON. */
  review(path: string, body: unknown): Promise<BufferedAnswer>;
  /** Closes pooled connections. */
  close(): Promise<void>;
}
