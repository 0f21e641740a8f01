import { createHash } from 'node:crypto';
import { ExhibitError, type ErrorCode } from '../../src/model/errors.js';
import { toRfc3339 } from '../../src/lib/clock.js';
import type { ConnectionFacts } from '../../src/model/connection.js';
import type {
  BodyConsumer,
  BodyDigest,
  BodyEnd,
  BufferedAnswer,
  ClusterReader,
  ListEnd,
  ListPage,
  ListRequest,
  ReadAnswer,
  ReadRequest,
} from '../../src/ports/cluster-reader.js';
import { usedPermission, type UsedPermission } from './fake-cluster-permission.js';

export interface FakeRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly accept: string;
  readonly node: string | undefined;
}

export type FakeBody = string | Buffer | Iterable<Buffer> | AsyncIterable<Buffer>;

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: FakeBody;
  /** How the body ends after its last byte. */
  readonly end?: Exclude<BodyEnd, 'limit' | 'aborted'>;
  /** No head at all: what the reader throws then. */
  readonly throws?: ErrorCode;
}

export type FakeHandler = (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

const DROPPED_BYTES = 65_536;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

const FACTS: ConnectionFacts = {
  server: 'https://cluster.test:6443',
  context: 'fake',
  cluster: 'fake',
  user: 'fake',
  credential: 'none',
  proxy: null,
  tlsServerName: null,
  insecure: false,
  impersonated: null,
  kubeconfigFiles: [],
};

async function* chunksOf(body: FakeBody): AsyncGenerator<Buffer> {
  if (typeof body === 'string') yield Buffer.from(body, 'utf8');
  else if (Buffer.isBuffer(body)) yield body;
  else yield* body;
}

interface Answered {
  readonly answer: ReadAnswer;
  readonly thrown: unknown;
}

/** A cluster that answers from a function. Its reader behaves as the comments of the port say, and remembers the rights it used. */
export class FakeCluster implements ClusterReader {
  readonly facts = FACTS;
  readonly requests: FakeRequest[] = [];
  readonly used = new Map<string, UsedPermission>();
  /** Server and local time, epoch milliseconds; both stand still unless somebody moves them. */
  nowMs = Date.parse('2026-03-04T05:06:07.500Z');
  inFlight = 0;
  maxInFlight = 0;
  readonly #handler: FakeHandler;

  constructor(handler: FakeHandler) {
    this.#handler = handler;
  }

  async get(request: ReadRequest): Promise<BufferedAnswer> {
    const bounded = { ...request, maxBytes: request.maxBytes ?? DEFAULT_MAX_BYTES };
    return await this.#buffered('GET', bounded);
  }

  async #buffered(method: 'GET' | 'POST', request: ReadRequest): Promise<BufferedAnswer> {
    const chunks: Buffer[] = [];
    const { answer } = await this.#exchange(method, request, { chunk: (bytes) => void chunks.push(bytes) });
    const code: Partial<Record<BodyEnd, ErrorCode>> = {
      cut: 'CUT',
      timeout: 'TIMEOUT',
      limit: 'LIMIT_REACHED',
      aborted: 'INTERRUPTED',
    };
    const failed = code[answer.end];
    if (failed !== undefined) throw new ExhibitError(failed, `fake: ${answer.end}`);
    return { ...answer, body: Buffer.concat(chunks) };
  }

  async stream(request: ReadRequest, consumer: BodyConsumer): Promise<ReadAnswer> {
    const { answer, thrown } = await this.#exchange('GET', request, consumer);
    if (thrown instanceof Error) throw thrown;
    if (answer.sizeBytes > 0) assertSameDigest(consumer, answer);
    return answer;
  }

  async review(path: string): Promise<BufferedAnswer> {
    return await this.#buffered('POST', { path, kind: 'small' });
  }

  async list(request: ListRequest, onPage: (page: ListPage) => Promise<void>): Promise<ListEnd> {
    return await new FakePager(this, request).run(onPage);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #exchange(method: 'GET' | 'POST', request: ReadRequest, consumer: BodyConsumer): Promise<Answered> {
    const { path, query = [], accept = 'application/json', node, signal } = request;
    const asked: FakeRequest = { method, path, query: new Map(query), accept, node };
    this.requests.push(asked);
    const used = usedPermission(method, path);
    this.used.set(JSON.stringify(used), used);
    if (signal?.aborted === true) throw new ExhibitError('INTERRUPTED', 'fake: aborted before the head');
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    try {
      const answer = await this.#handler(asked);
      if (answer.throws !== undefined) throw new ExhibitError(answer.throws, `fake: ${answer.throws}`);
      return await this.#body(asked, { request, answer, consumer });
    } finally {
      this.inFlight -= 1;
    }
  }

  async #body(
    asked: FakeRequest,
    io: { request: ReadRequest; answer: FakeAnswer; consumer: BodyConsumer },
  ): Promise<Answered> {
    const { request, answer, consumer } = io;
    const sentAtMs = this.nowMs;
    const status = answer.status ?? 200;
    const headers: Record<string, string> = { date: new Date(this.nowMs).toUTCString(), ...answer.headers };
    const wanted = consumer.head?.(status, headers) ?? true;
    const maxBytes = wanted ? (request.maxBytes ?? Number.POSITIVE_INFINITY) : DROPPED_BYTES;
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let end: BodyEnd | null = null;
    let thrown: unknown;
    try {
      for await (const whole of chunksOf(answer.body ?? '')) {
        if (request.signal?.aborted === true) end = 'aborted';
        if (end !== null) break;
        const bytes = whole.subarray(0, maxBytes - sizeBytes);
        if (bytes.length < whole.length) end = 'limit';
        sizeBytes += bytes.length;
        hash.update(bytes);
        if (wanted && bytes.length > 0) await consumer.chunk(Buffer.from(bytes));
      }
    } catch (error) {
      thrown = error;
    }
    end ??= request.signal?.aborted === true ? 'aborted' : (answer.end ?? 'complete');
    const received = { sizeBytes, end, sha256: hash.digest('hex') };
    return { thrown, answer: this.#answer(asked, { status, headers, sentAtMs, ...received }) };
  }

  #answer(
    asked: FakeRequest,
    got: Pick<ReadAnswer, 'status' | 'headers' | 'sentAtMs' | 'sizeBytes' | 'end' | 'sha256'>,
  ): ReadAnswer {
    const at = got.sizeBytes === 0 ? null : toRfc3339(this.nowMs);
    const search = [...asked.query].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
    const date = got.headers['date'] ?? '';
    return {
      ...got,
      url: `${FACTS.server}${asked.path}${search === '' ? '' : `?${search}`}`,
      method: asked.method,
      auditIdSent: '00000000-0000-4000-8000-000000000000',
      auditIdAnswered: null,
      serverDate: date === '' ? null : date,
      headAtMs: this.nowMs,
      firstByteAt: at,
      lastByteAt: at,
      attempts: 1,
      endDetail: got.end === 'complete' ? null : `fake: ${got.end}`,
    };
  }
}

/** The real reader takes the digest of a consumer that offers one; here it is compared. No consumer of ours offers one and drops bodies. */
function assertSameDigest(consumer: BodyConsumer, received: BodyDigest): void {
  if (consumer.digest === undefined) return;
  const digest = consumer.digest();
  if (digest?.sha256 !== received.sha256 || digest.sizeBytes !== received.sizeBytes)
    throw new Error(`the consumer's digest ${JSON.stringify(digest)} is not that of the body`);
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-allowed',
  410: 'expired',
};

interface PageBody {
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
  readonly items?: unknown[];
  readonly rows?: unknown[];
}

/** Pages one after another; one restart after a 410, then the server's inconsistent token. */
class FakePager {
  readonly #cluster: FakeCluster;
  readonly #request: ListRequest;
  #end = { complete: false, pages: 0, items: 0, attempts: 1, inconsistent: false, resourceVersion: '' };
  #status: number | null = null;
  #token = '';
  readonly #seen = new Set<string>();

  constructor(cluster: FakeCluster, request: ListRequest) {
    this.#cluster = cluster;
    this.#request = request;
  }

  async run(onPage: (page: ListPage) => Promise<void>): Promise<ListEnd> {
    for (;;) {
      const answer = await this.#fetch();
      if (answer instanceof ExhibitError) return this.#fail(answer.code.toLowerCase().replaceAll('_', '-'));
      this.#status = answer.status;
      if (answer.status === 410 && this.#afterExpiry(answer.body)) continue;
      if (answer.status !== 200) return this.#fail(REASONS[answer.status] ?? 'server-error');
      const page = this.#parse(answer.body);
      if (page === null) return this.#fail('not-json');
      const { body, ...head } = answer;
      const items = page.items ?? page.rows ?? [];
      const continueToken = page.metadata?.continue ?? '';
      const resourceVersion = page.metadata?.resourceVersion ?? '';
      this.#end = { ...this.#end, pages: this.#end.pages + 1, items: this.#end.items + items.length, resourceVersion };
      await onPage({
        attempt: this.#end.attempts,
        number: this.#end.pages,
        body,
        answer: head,
        items,
        resourceVersion,
        continueToken,
      });
      if (continueToken === '') return { ...this.#end, complete: true, reason: null, detail: null, status: 200 };
      if (this.#seen.has(continueToken)) return this.#fail('token-repeated');
      this.#seen.add(continueToken);
      this.#token = continueToken;
    }
  }

  async #fetch(): Promise<BufferedAnswer | ExhibitError> {
    const { path, query = [], accept, maxPageBytes, signal, pageSize = 500 } = this.#request;
    const paging: [string, string][] = [['limit', String(pageSize)]];
    if (this.#token !== '') paging.push(['continue', this.#token]);
    try {
      return await this.#cluster.get({
        path,
        query: [...query, ...paging],
        kind: 'list',
        ...(accept === undefined ? {} : { accept }),
        ...(maxPageBytes === undefined ? {} : { maxBytes: maxPageBytes }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (error instanceof ExhibitError) return error;
      throw error;
    }
  }

  #parse(body: Buffer): PageBody | null {
    try {
      return JSON.parse(body.toString('utf8')) as PageBody;
    } catch {
      return null;
    }
  }

  #afterExpiry(body: Buffer): boolean {
    if (this.#end.attempts === 1) {
      this.#end = { ...this.#end, attempts: 2, pages: 0, items: 0 };
      this.#token = '';
      this.#seen.clear();
      return true;
    }
    const token = this.#parse(body)?.metadata?.continue ?? '';
    if (token === '' || this.#seen.has(token)) return false;
    this.#seen.add(token);
    this.#token = token;
    this.#end = { ...this.#end, inconsistent: true };
    return true;
  }

  #fail(reason: string): ListEnd {
    return { ...this.#end, complete: false, reason, detail: `fake: ${reason}`, status: this.#status };
  }
}
