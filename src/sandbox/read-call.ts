import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Call } from './route.js';

const MAX_BODY_BYTES = 1_048_576;

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw new Error('request body too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Reads a request to its end and says who sent it. */
export async function readCall(request: IncomingMessage, token: string): Promise<Call> {
  return { ...readHead(request, token), body: await readBody(request) };
}

/** What the head of a request says, and who sent it. A token that is wrong is refused even beside a good certificate. */
export function readHead(request: IncomingMessage, token: string): Call {
  const { socket } = request;
  const { authorization, accept, 'user-agent': userAgent, 'impersonate-user': impersonate } = request.headers;
  const der =
    socket instanceof TLSSocket && socket.authorized
      ? (socket.getPeerCertificate().raw as Buffer | undefined)
      : undefined;
  const byToken = isToken(authorization, token);
  return {
    method: request.method ?? '',
    target: request.url ?? '/',
    accept: accept ?? '',
    userAgent: userAgent ?? '',
    impersonate: typeof impersonate === 'string' ? impersonate : null,
    body: Buffer.alloc(0),
    contentType: request.headers['content-type'] ?? '',
    authenticated: authorization === undefined ? der !== undefined : byToken,
    credential: der === undefined || byToken ? null : createHash('sha256').update(der).digest('hex'),
  };
}
