import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly body: Buffer;
  readonly authorization?: string;
}

/** What the proxy does with one request; `null` leaves it alone. */
export type Misdeed =
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string; readonly forward?: boolean }
  /** `forward`: what was asked for is done, and only the answer is lost. */
  | { readonly kind: 'cut'; readonly forward?: boolean }
  /** As EC2 says no; the error of other services of this language has other elements around it. */
  | { readonly kind: 'ec2-error'; readonly status: number; readonly code: string }
  | { readonly kind: 'page'; readonly status: number; readonly html: string }
  | { readonly kind: 'silence'; readonly afterBytes?: number }
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  | { readonly kind: 'headers'; readonly set: Readonly<Record<string, string>> }
  | { readonly kind: 'body'; readonly change: (body: Buffer) => Buffer }
  | { readonly kind: 'damage' };

/** A man in the middle between the program and moto: passes everything on, except where `decide` says otherwise. */
export class FaultProxy {
  readonly asked: Asked[] = [];
  decide: (asked: Asked) => Misdeed | null = () => null;
  readonly #target: URL;
  readonly #server: Server;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        void this.#handle(incoming, Buffer.concat(chunks), response);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** How many requests of this kind came through. */
  count(method: string, pattern: RegExp): number {
    return this.asked.filter((one) => one.method === method && pattern.test(one.url)).length;
  }

  async #handle(incoming: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const { authorization = '' } = incoming.headers;
    const asked = { method: incoming.method ?? '', url: incoming.url ?? '', body, authorization };
    this.asked.push(asked);
    const misdeed = this.decide(asked);
    if (misdeed?.kind === 'page') {
      response.writeHead(misdeed.status, { 'content-type': 'text/html' }).end(misdeed.html);
      return;
    }
    if (misdeed?.kind === 'ec2-error') {
      response.writeHead(misdeed.status, { 'content-type': 'text/xml' }).end(queryError(asked, misdeed.code));
      return;
    }
    if (misdeed?.kind === 'cut') {
      if (misdeed.forward === true) await this.#forward(incoming, body);
      incoming.socket.destroy();
      return;
    }
    if (misdeed?.kind === 'silence' && misdeed.afterBytes === undefined) return;
    if (misdeed?.kind === 'answer') {
      if (misdeed.forward === true) await this.#forward(incoming, body);
      const { status, code = 'InternalError' } = misdeed;
      const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
      return;
    }
    const sent = misdeed?.kind === 'damage' ? Buffer.from(body.map((byte) => byte ^ 1)) : body;
    const answer = await this.#forward(incoming, sent);
    deliver(answer, misdeed, response);
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const outgoing = request(
        {
          hostname,
          port,
          method: incoming.method,
          path: incoming.url,
          headers: { ...incoming.headers, connection: 'close' },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function queryError({ body }: Asked, code: string): string {
  const error = `<Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`;
  return body.includes('Version=2016-11-15')
    ? `<?xml version="1.0"?><Response><Errors>${error}</Errors><RequestID>r-of-the-test</RequestID></Response>`
    : `<?xml version="1.0"?><ErrorResponse>${error}<RequestId>r-of-the-test</RequestId></ErrorResponse>`;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function deliver(answer: Answer, misdeed: Misdeed | null, response: ServerResponse): void {
  const { 'connection': _connection, 'transfer-encoding': _encoding, ...headers } = answer.headers;
  const set = misdeed?.kind === 'headers' ? misdeed.set : {};
  const body = misdeed?.kind === 'body' ? misdeed.change(answer.body) : answer.body;
  const length = misdeed?.kind === 'body' ? { 'content-length': String(body.length) } : {};
  response.writeHead(answer.status, { ...headers, ...length, ...set });
  response.flushHeaders();
  if (misdeed?.kind === 'truncate' || misdeed?.kind === 'silence') {
    response.write(body.subarray(0, misdeed.afterBytes), () => {
      if (misdeed.kind === 'truncate') response.socket?.destroy();
    });
    return;
  }
  response.end(body);
}
