import type { Socket } from 'node:net';
import { TransportError } from './transport-failure.js';

/** A proxy that answers CONNECT with more than this before the blank line is none. */
const MAX_ANSWER_BYTES = 16 * 1024;

export interface Tunnel {
  readonly host: string;
  readonly port: number;
  readonly authorization: string | null;
  readonly signal: AbortSignal;
}

function connectRequest(tunnel: Tunnel): string {
  const authority = `${tunnel.host.includes(':') ? `[${tunnel.host}]` : tunnel.host}:${String(tunnel.port)}`;
  const authorization = tunnel.authorization === null ? '' : `Proxy-Authorization: ${tunnel.authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`;
}

/** The status of a CONNECT answer and where its head ends; `null` while the head is not whole. Throws `TransportError` for what is no HTTP. */
export function parseConnectAnswer(bytes: Buffer): { readonly status: number; readonly headBytes: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > MAX_ANSWER_BYTES)
      throw new TransportError('proxy', 'the proxy answers CONNECT with an endless head');
    return null;
  }
  const status = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?:[ \r])/.exec(
    bytes.toString('latin1', 0, Math.min(end + 2, 64)),
  )?.[1];
  if (status === undefined)
    throw new TransportError('proxy', 'the proxy answers CONNECT with something that is not HTTP');
  return { status: Number(status), headBytes: end + 4 };
}

function refuse(status: number): TransportError {
  return new TransportError(
    'proxy',
    status === 407
      ? 'the proxy wants a credential (407)'
      : `the proxy refuses the tunnel with status ${String(status)}`,
  );
}

/** Asks a connected proxy for a tunnel. Afterwards the socket carries the far side's bytes. Throws `TransportError` with step `proxy`. */
export async function openTunnel(socket: Socket, tunnel: Tunnel): Promise<void> {
  const { signal } = tunnel;
  await new Promise<void>((resolve, reject) => {
    let head = Buffer.alloc(0);
    const finish = (error?: Error): void => {
      socket.off('data', onData).off('error', finish).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      try {
        const answer = parseConnectAnswer(head);
        if (answer === null) return;
        if (answer.status !== 200) throw refuse(answer.status);
        // Nobody may speak before the client's TLS greeting; bytes here are the proxy's own.
        if (head.length > answer.headBytes)
          throw new TransportError('proxy', 'the proxy sent bytes of its own into the tunnel');
        socket.pause();
        finish();
      } catch (error) {
        finish(error as Error);
      }
    };
    const onClose = (): void => {
      finish(new TransportError('proxy', 'the proxy closed the connection'));
    };
    const onAbort = (): void => {
      finish(new TransportError('proxy', 'the proxy did not open the tunnel in time'));
    };
    socket.on('data', onData).on('error', finish).on('close', onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    socket.write(connectRequest(tunnel));
  });
}
