import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { joinHeaders } from '../http/framing.js';
import { headerLines } from '../http/header-lines.js';
import type { HttpEndpoint, HttpHead } from '../http/http-exchange-types.js';
import { openConnection, tlsPeerSha256 } from '../http/open-connection.js';
import { TransportError, transportFailureOf, type TransportFailure } from '../http/transport-failure.js';

export const EXEC_PROTOCOL = 'v5.channel.k8s.io';
/** The server sends 32 KiB at a time; one message is held in memory whole. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;

export interface HandshakeParts {
  readonly endpoint: HttpEndpoint;
  /** `https://` or `http://`, with path and query. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  /** From the moment a connection is there until the whole answer is. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
}

/** `open`: upgraded and paused. `refused`: an HTTP answer. `failed`: no answer, or one that is no WebSocket. */
export type Handshake = { readonly tlsPeerSha256: string | null } & (
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly head: HttpHead }
  | { readonly kind: 'refused'; readonly head: HttpHead; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly failure: TransportFailure }
);

function failureOf(error: unknown): TransportFailure {
  const failure = transportFailureOf(error);
  // What ws itself finds wrong with an upgrade bears no code.
  const ofWs = failure.code === '' && /^(?:Server sent|Server indicated|Invalid )/.test(failure.message);
  return ofWs ? { ...failure, step: 'protocol' } : failure;
}

function headOf(answer: IncomingMessage): HttpHead {
  return { status: answer.statusCode ?? 0, headers: joinHeaders(answer.rawHeaders) };
}

/** The body of a refusal as far as it comes; its end decides nothing. */
async function readRefusal(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // What came is what there is.
  }
  return Buffer.concat(chunks).subarray(0, MAX_REFUSAL_BYTES);
}

type Connect = (options: unknown, callback: (error: Error | null, stream?: Duplex) => void) => undefined;

function socketOptions({ headers }: HandshakeParts, connect: Connect) {
  return {
    // The types know no connection that is made later; node:http does.
    createConnection: connect as never,
    headers: headerLines(headers) as Record<string, string>,
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: MAX_MESSAGE_BYTES,
  };
}

/** Asks for an upgrade to `v5.channel.k8s.io` over a connection of its own. Follows no redirect, takes no extension, never throws. */
export async function openExecSocket(parts: HandshakeParts): Promise<Handshake> {
  const { endpoint, url, timeoutMs, signal } = parts;
  let peer: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isFinished = false;
  return await new Promise((resolve) => {
    const finish = (outcome: Handshake): void => {
      isFinished = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
      if (outcome.kind !== 'open') socket.terminate();
    };
    const fail = (error: unknown): void => {
      finish({ kind: 'failed', failure: failureOf(error), tlsPeerSha256: peer });
    };
    const onAbort = (): void => {
      fail(new TransportError('aborted', 'given up by us'));
    };
    const connect: Connect = (_options, callback) => {
      openConnection(endpoint).then(
        (connection) => {
          if (isFinished) {
            connection.destroy();
            callback(new TransportError('aborted', 'given up by us'));
            return;
          }
          peer = tlsPeerSha256(connection);
          timer = setTimeout(() => {
            fail(new TransportError('first-byte-timeout', `no answer within ${String(timeoutMs)} ms`));
          }, timeoutMs);
          callback(null, connection);
        },
        (error: unknown) => {
          callback(error as Error);
        },
      );
      return undefined;
    };
    const socket = new WebSocket(url, [EXEC_PROTOCOL], socketOptions(parts, connect));
    let head: HttpHead = { status: 0, headers: {} };
    socket.on('error', fail);
    socket.once('upgrade', (answer) => (head = headOf(answer)));
    socket.once('unexpected-response', (_request, answer) => {
      void readRefusal(answer).then((body) => {
        finish({ kind: 'refused', head: headOf(answer), body, tlsPeerSha256: peer });
      });
    });
    socket.once('open', () => {
      // Nothing may be lost before somebody listens; what fails later is told by the close that follows.
      socket.pause();
      socket.off('error', fail).on('error', () => undefined);
      finish({ kind: 'open', socket, head, tlsPeerSha256: peer });
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
