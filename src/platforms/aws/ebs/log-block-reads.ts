import { toRfc3339 } from '../../../lib/clock.js';
import type { RequestEnd } from '../../../ports/request-log.js';
import type { CallLogging } from '../log-calls.js';

/** What the handler of a client is given and gives, as far as it is looked at. */
interface WireRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}
interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
type Handle = (request: WireRequest, options?: unknown) => Promise<{ readonly response: WireResponse }>;

/** Says what became of a body that was read elsewhere. `sha256` is of all bytes that came. */
export type EndRead = (read: {
  readonly sizeBytes: number;
  readonly sha256: string | null;
  readonly error: string | null;
}) => void;

/**
 * Has each request for a block in the request log before it is sent. A block is large and hashed where it is read, so that its end is
 * told by the reader: the returned function gives, once, what ends the record of an answer's body. Tokens of blocks are left out of the
 * addresses.
 */
export function logBlockReads(
  client: { readonly config: { readonly requestHandler: object } },
  { requestLog, clock }: CallLogging,
): (body: object) => EndRead | undefined {
  const open = new WeakMap<object, EndRead>();
  const { requestHandler } = client.config;
  const handle = (Reflect.get(requestHandler, 'handle') as Handle).bind(requestHandler);
  Reflect.set(requestHandler, 'handle', async (request: WireRequest, options?: unknown) => {
    const seq = requestLog.begin({
      method: request.method,
      url: urlOf(request),
      auditIdSent: request.headers['amz-sdk-invocation-id'] ?? '',
      sentAt: toRfc3339(clock.nowMs()),
    });
    try {
      const answer = await handle(request, options);
      const { statusCode, headers, body } = answer.response;
      const head = { ...NOTHING, ...ended(statusCode, headers), firstByteAt: toRfc3339(clock.nowMs()) };
      if (statusCode >= 300 || typeof body !== 'object' || body === null) requestLog.end(seq, head);
      else
        open.set(body, (read) => {
          requestLog.end(seq, { ...head, ...read, lastByteAt: toRfc3339(clock.nowMs()) });
        });
      return answer;
    } catch (error) {
      requestLog.end(seq, { ...NOTHING, error: error instanceof Error ? error.name.slice(0, 100) : 'failed' });
      throw error;
    }
  });
  return (body) => open.get(body);
}

const NOTHING: RequestEnd = {
  status: null,
  auditIdAnswered: null,
  serverDate: null,
  sizeBytes: 0,
  sha256: null,
  tlsPeerSha256: null,
  firstByteAt: null,
  lastByteAt: null,
  error: null,
};

function ended(status: number, headers: Readonly<Record<string, string>>) {
  return { status, auditIdAnswered: headers['x-amzn-requestid'] ?? null, serverDate: headers['date'] ?? null };
}

function urlOf({ protocol, hostname, port, path }: WireRequest): string {
  return `${protocol}//${hostname}${port === undefined ? '' : `:${String(port)}`}${path}`;
}
