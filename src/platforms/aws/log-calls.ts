import { createHash } from 'node:crypto';
import { toRfc3339 } from '../../lib/clock.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { errnoOf } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { RequestEnd, RequestLog } from '../../ports/request-log.js';

export interface CallLogging {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
}

/** The part of a request of the SDK that is looked at; signature and token are in `headers` and are never read but for one id. */
interface WireRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly body?: unknown;
}

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
}

/** Structurally every client of the SDK. */
interface LoggableClient {
  readonly config: { readonly requestHandler: object };
}

type Handle = (request: WireRequest, options?: unknown) => Promise<{ readonly response: WireResponse }>;

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_PARAMETERS = 2000;
const REQUEST_IDS = ['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id', 'x-amz-requestid'];

/**
 * Has each request of a client, repeated ones too, in the request log before it is sent and after it was answered. Calls whose parameters
 * travel in the body have them behind a `#`, which no request has of itself. The id that is sent is that of the call, the same for all its
 * attempts; the one that is answered is AWS's request id. Answers are held in memory, so no client that reads content is logged like this.
 */
export function logCalls(client: LoggableClient, logging: CallLogging): void {
  const { requestHandler } = client.config;
  const handle = (Reflect.get(requestHandler, 'handle') as Handle).bind(requestHandler);
  Reflect.set(requestHandler, 'handle', async (request: WireRequest, options?: unknown) => {
    const { clock, requestLog } = logging;
    const seq = requestLog.begin({
      method: request.method,
      url: urlOf(request),
      auditIdSent: request.headers['amz-sdk-invocation-id'] ?? '',
      sentAt: toRfc3339(clock.nowMs()),
    });
    let head: WireResponse | null = null;
    let firstByteAt: string | null = null;
    try {
      const answer = await handle(request, options);
      head = answer.response;
      firstByteAt = toRfc3339(clock.nowMs());
      const body = await wholeBody(head.body);
      head.body = body;
      const lastByteAt = toRfc3339(clock.nowMs());
      requestLog.end(seq, { ...ended(head), firstByteAt, lastByteAt, ...digestOf(body), error: null });
      return answer;
    } catch (error) {
      requestLog.end(seq, { ...ended(head), firstByteAt, error: reasonOf(error) });
      throw error;
    }
  });
}

function urlOf({ protocol, hostname, port, path, query, body }: WireRequest): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    (Array.isArray(value) ? (value as readonly string[]) : [String(value ?? '')]).map(
      (one) => `${encodeURIComponent(key)}=${encodeURIComponent(one)}`,
    ),
  );
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  const parameters = typeof body === 'string' && /^\w+=/.test(body) ? `#${body.slice(0, MAX_PARAMETERS)}` : '';
  return `${protocol}//${hostname}${port === undefined ? '' : `:${String(port)}`}${path}${search}${parameters}`;
}

function ended(head: WireResponse | null): RequestEnd {
  const headers = head?.headers ?? {};
  const id = REQUEST_IDS.map((name) => headers[name]).find((value) => value !== undefined);
  return {
    status: head?.statusCode ?? null,
    auditIdAnswered: id ?? null,
    serverDate: headers['date'] ?? null,
    sizeBytes: 0,
    sha256: null,
    tlsPeerSha256: null,
    firstByteAt: null,
    lastByteAt: null,
    error: null,
  };
}

function digestOf(body: Buffer): { readonly sizeBytes: number; readonly sha256: string } {
  return { sizeBytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
}

async function wholeBody(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (typeof body === 'string') return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES)
      throw Object.assign(new Error(`an answer of more than ${String(MAX_ANSWER_BYTES)} bytes`), {
        name: 'SyntaxError',
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Name and errno only: messages of the SDK may hold what was signed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  return escapeForTerminal(errnoOf(error) ?? error.name, 100);
}
