import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { KeyPair } from './test-certificates.js';

/** A request as it came; names in lower case, every line of a repeated one. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** SHA-256 fingerprint of the client's certificate, if it showed one. */
  readonly clientCertificate: string | null;
  readonly connection: number;
}

/** Writes whatever bytes it likes. `index` counts requests from 0. */
export type Behaviour = (socket: Socket, request: SeenRequest, index: number) => void;

export interface FaultServer {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  connections(): number;
  close(): Promise<void>;
}

/** A whole well-formed answer. */
export function answer(
  socket: Socket,
  status: number,
  ...rest: readonly [body?: string | Buffer, headers?: Readonly<Record<string, string>>]
): void {
  const [body = '', headers = {}] = rest;
  const bytes = Buffer.from(body);
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': String(bytes.length),
    ...headers,
  });
  socket.write(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${String(status)} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      ),
      bytes,
    ]),
  );
}

function parseHead(head: string): { method: string; target: string; headers: Map<string, string[]> } {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(':') + 1).trim()]);
  }
  return { method, target, headers };
}

export interface FaultServerOptions {
  /** `null` = no TLS. */
  readonly tls: KeyPair | null;
  /** Asks clients for a certificate, without judging it. */
  readonly askCertificate?: boolean;
}

/** A server that understands requests and answers them byte for byte as a test wants, on 127.0.0.1. */
export async function startFaultServer(options: FaultServerOptions, behaviour: Behaviour): Promise<FaultServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket): void => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let end = bytes.indexOf('\r\n\r\n'); end >= 0; end = bytes.indexOf('\r\n\r\n')) {
        const head = parseHead(bytes.toString('latin1', 0, end));
        const length = Number(head.headers.get('content-length')?.[0] ?? 0);
        if (bytes.length < end + 4 + length) return;
        const clientCertificate =
          socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.fingerprint256 ?? null) : null;
        const request = { ...head, body: bytes.subarray(end + 4, end + 4 + length), clientCertificate, connection };
        bytes = bytes.subarray(end + 4 + length);
        seen.push(request);
        behaviour(socket, request, seen.length - 1);
      }
    });
  };
  const server: Server =
    options.tls === null
      ? createTcpServer(serve)
      : createTlsServer(
          { ...options.tls, requestCert: options.askCertificate ?? false, rejectUnauthorized: false },
          serve,
        );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
