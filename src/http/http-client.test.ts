import { createHash, X509Certificate } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, startFaultServer, type Behaviour, type FaultServer } from '../../test/fakes/fault-server.js';
import { makeTestCertificates, type KeyPair, type TestCertificates } from '../../test/fakes/test-certificates.js';
import { systemClock } from '../lib/clock.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import type { HttpEndpoint, HttpHead, HttpRequest, HttpResult } from './http-exchange-types.js';

let certificates: TestCertificates;
const cleanup: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  certificates = makeTestCertificates();
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});
afterAll(() => {
  cleanup.length = 0;
});

function request(rest: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    target: '/x',
    headers: [],
    body: null,
    firstByteTimeoutMs: 3000,
    idleTimeoutMs: 3000,
    maxBytes: null,
    signal: null,
    ...rest,
  };
}

async function serve(behaviour: Behaviour, tls: KeyPair | null = certificates.good): Promise<FaultServer> {
  const server = await startFaultServer({ tls, askCertificate: true }, behaviour);
  cleanup.push(() => server.close());
  return server;
}

function clientFor(port: number, rest: Partial<HttpEndpoint> = {}): HttpClient {
  const client = createHttpClient(
    {
      protocol: 'https:',
      host: 'localhost',
      port,
      ca: certificates.ca,
      serverName: null,
      insecure: false,
      clientCertificate: null,
      proxy: null,
      connectTimeoutMs: 3000,
      maxConnections: 8,
      ...rest,
    },
    systemClock,
  );
  cleanup.push(() => {
    client.close();
  });
  return client;
}

interface Received {
  readonly result: HttpResult;
  readonly body: Buffer;
}

async function fetchBody(
  client: HttpClient,
  rest: Partial<HttpRequest> = {},
  head: (head: HttpHead) => 'keep' | 'brief' | 'drop' = () => 'keep',
): Promise<Received> {
  const parts: Buffer[] = [];
  const result = await client.exchange(request(rest), {
    head,
    chunk: (bytes) => {
      parts.push(bytes);
    },
  });
  return { result, body: Buffer.concat(parts) };
}

async function fetchFrom(behaviour: Behaviour, rest: Partial<HttpRequest> = {}): Promise<Received> {
  const server = await serve(behaviour);
  return await fetchBody(clientFor(server.port), rest);
}

const raw =
  (text: string): Behaviour =>
  (socket) => {
    socket.write(text);
  };
const rawThenEnd =
  (text: string): Behaviour =>
  (socket) => {
    socket.end(text);
  };

describe('the end of a body', () => {
  it('is complete when the length is reached, with hash, times and peer', async () => {
    const { result, body } = await fetchFrom((socket) => {
      answer(socket, 200, 'hello', { 'Audit-Id': 'a' });
    });
    expect(body.toString()).toBe('hello');
    expect(result).toMatchObject({ end: 'complete', endDetail: null, sizeBytes: 5, failure: null });
    expect(result.sha256).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(result.head?.headers['audit-id']).toBe('a');
    expect(result.tlsPeerSha256).toBe(
      createHash('sha256').update(new X509Certificate(certificates.good.cert).raw).digest('hex'),
    );
    expect(result.firstByteAtMs).toBeLessThanOrEqual(result.lastByteAtMs ?? 0);
  });

  it('is complete at the last chunk', async () => {
    const { result, body } = await fetchFrom(
      raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
    );
    expect([result.end, body.toString()]).toEqual(['complete', 'abc']);
  });

  it('is complete for an empty body and for 204', async () => {
    expect(
      (
        await fetchFrom((socket) => {
          answer(socket, 200);
        })
      ).result.end,
    ).toBe('complete');
    expect((await fetchFrom(raw('HTTP/1.1 204 No Content\r\n\r\n'))).result.end).toBe('complete');
  });

  it.each([
    ['fewer bytes than announced', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 3],
    ['no last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 3],
    ['a chunk that breaks off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc', 3],
    ['no framing', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc', 3],
    ['HTTP/1.0 without length', 'HTTP/1.0 200 OK\r\n\r\nabc', 3],
    ['no framing and no byte', 'HTTP/1.1 200 OK\r\n\r\n', 0],
    ['a coding that is not chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc', 3],
  ])('is cut with %s', async (_name, text, sizeBytes) => {
    const { result, body } = await fetchFrom(rawThenEnd(text));
    expect(result.end).toBe('cut');
    expect(result.endDetail).toMatch(/connection/);
    expect(result.sizeBytes).toBe(sizeBytes);
    expect(body.length).toBe(sizeBytes);
  });

  it('is cut when more bytes follow than were announced', async () => {
    const { result } = await fetchFrom(raw('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefgh'));
    expect([result.end, result.sizeBytes]).toEqual(['cut', 3]);
    expect(result.endDetail).toMatch(/bytes follow/);
  });

  it('is cut wherever the connection is reset, never complete and never more than was sent', async () => {
    const body = Buffer.alloc(3000, 'x');
    const server = await serve((socket, seen) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(body.length)}\r\n\r\n`);
      socket.write(body.subarray(0, Number(seen.target.slice(1))), () => {
        socket.destroy();
      });
    });
    const client = clientFor(server.port);
    for (const cutAt of [0, 1, 2, 511, 1024, 2047, 2999]) {
      const { result } = await fetchBody(client, { target: `/${String(cutAt)}` });
      if (result.head === null) expect(result.failure?.step).toBe('reset');
      else expect(result.end).toBe('cut');
      expect(result.sizeBytes).toBeLessThanOrEqual(cutAt);
    }
  });
});

describe('limits', () => {
  it('cuts at maxBytes exactly, and not when the body is just that long', async () => {
    const server = await serve((socket) => {
      answer(socket, 200, 'x'.repeat(1000));
    });
    const client = clientFor(server.port);
    const over = await fetchBody(client, { maxBytes: 999 });
    expect([over.result.end, over.body.length]).toEqual(['limit', 999]);
    const exact = await fetchBody(client, { maxBytes: 1000 });
    expect([exact.result.end, exact.body.length]).toEqual(['complete', 1000]);
  });

  it('ends an endless body', async () => {
    const { result } = await fetchFrom(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const chunk = `10000\r\n${'z'.repeat(65536)}\r\n`;
        const pour = (): void => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('drain', pour);
        pour();
      },
      { maxBytes: 5_000_000 },
    );
    expect([result.end, result.sizeBytes]).toEqual(['limit', 5_000_000]);
  });

  it('drops a body that nobody wants, but counts it and ends it after 64 KiB', async () => {
    const server = await serve((socket, seen) => {
      answer(socket, 200, 'x'.repeat(seen.target === '/long' ? 200_000 : 10));
    });
    const client = clientFor(server.port);
    const long = await fetchBody(client, { target: '/long' }, () => 'drop');
    expect([long.result.end, long.result.sizeBytes, long.body.length]).toEqual(['limit', 65536, 0]);
    const short = await fetchBody(client, {}, () => 'drop');
    expect([short.result.end, short.result.sizeBytes, short.body.length]).toEqual(['complete', 10, 0]);
  });

  it('gives up a head that is endless or too long', async () => {
    const trickle = await fetchFrom(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const timer = setInterval(() => socket.write('X: y\r\n'), 20);
        socket.on('close', () => {
          clearInterval(timer);
        });
      },
      { firstByteTimeoutMs: 200 },
    );
    expect(trickle.result.failure?.step).toBe('first-byte-timeout');
    const huge = await fetchFrom(raw(`HTTP/1.1 200 OK\r\nX: ${'h'.repeat(100_000)}\r\n\r\n`));
    expect(huge.result.failure?.step).toBe('protocol');
  });

  it('gives up a server that says nothing, one that falls silent and one that trickles', async () => {
    const mute = await fetchFrom(() => undefined, { firstByteTimeoutMs: 100 });
    expect(mute.result).toMatchObject({ head: null, failure: { step: 'first-byte-timeout' } });
    const stalled = await fetchFrom(raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), { idleTimeoutMs: 100 });
    expect(stalled.result).toMatchObject({ end: 'timeout', sizeBytes: 3 });
    const slow = await fetchFrom(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 25);
        socket.on('close', () => {
          clearInterval(timer);
        });
      },
      // Sixteen times what it waits between two bytes, for a machine that has other things to do.
      { idleTimeoutMs: 400 },
    );
    expect(slow.result.end).toBe('timeout');
    expect(slow.result.endDetail).toMatch(/only [0-9]+ bytes in 1600 ms/);
  });

  it('does not count time in which the receiver holds back', async () => {
    const server = await serve((socket) => {
      answer(socket, 200, 'x'.repeat(100_000));
    });
    let chunks = 0;
    const result = await clientFor(server.port).exchange(request({ idleTimeoutMs: 400 }), {
      head: () => 'keep',
      chunk: () => (++chunks === 1 ? new Promise((resolve) => setTimeout(resolve, 1000)) : undefined),
    });
    expect([result.end, result.sizeBytes]).toEqual(['complete', 100_000]);
  });

  it('holds the sender back while the receiver is busy', async () => {
    let written = 0;
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const pour = (): void => {
        do written += 65536;
        while (!socket.destroyed && socket.write(`10000\r\n${'z'.repeat(65536)}\r\n`));
      };
      socket.on('drain', pour);
      pour();
    });
    const abort = new AbortController();
    let chunks = 0;
    const done = clientFor(server.port).exchange(request({ signal: abort.signal }), {
      head: () => 'keep',
      chunk: () => {
        chunks += 1;
        return new Promise<void>((resolve) => {
          abort.signal.addEventListener('abort', () => {
            resolve();
          });
        });
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(chunks).toBe(1);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    abort.abort();
    expect((await done).end).toBe('aborted');
  });

  it('ends on abort, before the head and in the body', async () => {
    const before = new AbortController();
    const waiting = fetchFrom(
      () => {
        before.abort();
      },
      { signal: before.signal },
    );
    expect((await waiting).result).toMatchObject({ end: 'aborted', failure: { step: 'aborted' } });
    const during = new AbortController();
    const server = await serve(raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'));
    const result = await clientFor(server.port).exchange(request({ signal: during.signal }), {
      head: () => 'keep',
      chunk: () => {
        during.abort();
      },
    });
    expect(result).toMatchObject({ end: 'aborted', sizeBytes: 3, failure: null });
  });

  it('reports what the receiver throws, at once or later', async () => {
    const server = await serve((socket) => {
      answer(socket, 200, 'abc');
    });
    const client = clientFor(server.port);
    const boom = new Error('disk full');
    for (const chunk of [
      (): void => {
        throw boom;
      },
      (): Promise<void> => Promise.reject(boom),
    ]) {
      const result = await client.exchange(request(), { head: () => 'keep', chunk });
      expect(result.thrown?.error).toBe(boom);
    }
  });
});

describe('connections', () => {
  it('are kept and used again, but not after bytes that nobody asked for', async () => {
    const kept = await serve((socket) => {
      answer(socket, 200, 'ok');
    });
    const client = clientFor(kept.port);
    for (let call = 0; call < 5; call += 1) expect((await fetchBody(client)).result.end).toBe('complete');
    expect(kept.connections()).toBe(1);

    let closed = Promise.resolve();
    const stray = await serve((socket) => {
      closed = new Promise((resolve) => {
        socket.once('close', () => {
          resolve();
        });
      });
      socket.setNoDelay(true);
      answer(socket, 200, 'ok');
      setTimeout(() => {
        answer(socket, 200, 'forged');
      }, 20);
    });
    const second = clientFor(stray.port);
    for (let call = 0; call < 3; call += 1) {
      expect((await fetchBody(second)).body.toString()).toBe('ok');
      await closed;
    }
    expect(stray.connections()).toBe(3);
  });

  it('send repeated headers as repeated lines, UTF-8 as UTF-8, and never follow a redirect', async () => {
    const server = await serve((socket) => {
      answer(socket, 302, '', { Location: 'https://localhost:1/steal' });
    });
    const { result } = await fetchBody(clientFor(server.port), {
      headers: [
        ['Impersonate-Group', 'a'],
        ['Impersonate-Group', 'bä'],
        ['Authorization', 'Bearer t'],
      ],
    });
    expect(result.head?.status).toBe(302);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]?.headers.get('impersonate-group')).toEqual(['a', Buffer.from('bä').toString('latin1')]);
  });

  it('show the client certificate', async () => {
    const server = await serve((socket) => {
      answer(socket, 200);
    });
    await fetchBody(clientFor(server.port, { clientCertificate: certificates.client }));
    expect(server.seen[0]?.clientCertificate).toBe(new X509Certificate(certificates.client.cert).fingerprint256);
  });

  it.each([
    ['expired', 'expired', 'CERT_HAS_EXPIRED'],
    ['for another name', 'wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const)('are refused when the certificate is %s, and nothing is sent', async (_name, which, code) => {
    const server = await serve((socket) => {
      answer(socket, 200, 'no');
    }, certificates[which]);
    const { result } = await fetchBody(clientFor(server.port));
    expect(result.failure).toMatchObject({ step: 'tls', code });
    expect(server.seen).toHaveLength(0);
    const insecure = await fetchBody(clientFor(server.port, { insecure: true }));
    expect(insecure.result.end).toBe('complete');
  });

  it('are checked against tls-server-name, and against an address', async () => {
    const other = await serve((socket) => {
      answer(socket, 200);
    }, certificates.wrongName);
    expect((await fetchBody(clientFor(other.port, { serverName: 'elsewhere.test' }))).result.end).toBe('complete');
    const good = await serve((socket) => {
      answer(socket, 200);
    });
    expect((await fetchBody(clientFor(good.port, { host: '127.0.0.1' }))).result.end).toBe('complete');
    expect((await fetchBody(clientFor(other.port, { host: '127.0.0.1' }))).result.failure?.step).toBe('tls');
  });

  it('tell refused, unknown name, no HTTP and a mute TLS peer apart', async () => {
    const closed = await serve(() => undefined);
    await closed.close();
    expect((await fetchBody(clientFor(closed.port))).result.failure?.step).toBe('refused');
    expect((await fetchFrom(raw('SSH-2.0-OpenSSH_9\r\n\r\n'))).result.failure?.step).toBe('protocol');
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      mute.listen(0, '127.0.0.1', resolve);
    });
    cleanup.push(() => {
      mute.close();
    });
    const { result } = await fetchBody(clientFor((mute.address() as AddressInfo).port, { connectTimeoutMs: 150 }));
    expect(result.failure?.step).toBe('connect-timeout');
  });
});

/** A CONNECT proxy that records what it was asked. */
async function startProxy(status: number, asked: string[]): Promise<number> {
  const sockets = new Set<Socket>();
  const proxy: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (bytes: Buffer) => {
      asked.push(bytes.toString('latin1'));
      const port = Number(/^CONNECT [^:]+:([0-9]+)/.exec(bytes.toString('latin1'))?.[1]);
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${String(status)} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const far = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.on('data', (chunk: Buffer) => far.write(chunk));
        far.on('data', (chunk: Buffer) => socket.write(chunk));
      });
      far
        .on('error', () => undefined)
        .on('close', () => {
          socket.destroy();
        });
      socket.on('close', () => {
        far.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return (proxy.address() as AddressInfo).port;
}

describe('a proxy', () => {
  it('gets CONNECT with its own credential, and nothing else in the clear; TLS is checked through it', async () => {
    const server = await serve((socket) => {
      answer(socket, 200, 'through');
    });
    const asked: string[] = [];
    const port = await startProxy(200, asked);
    const proxy = { protocol: 'http:', host: '127.0.0.1', port, authorization: 'Basic cHJveHk6c2VjcmV0' } as const;
    const client = clientFor(server.port, { proxy });
    const { body, result } = await fetchBody(client, { headers: [['Authorization', 'Bearer t0ken']] });
    await fetchBody(client);
    expect(body.toString()).toBe('through');
    expect(result.tlsPeerSha256).not.toBeNull();
    expect(asked).toEqual([
      `CONNECT localhost:${String(server.port)} HTTP/1.1\r\nHost: localhost:${String(server.port)}\r\nProxy-Authorization: Basic cHJveHk6c2VjcmV0\r\n\r\n`,
    ]);
    expect(server.seen[0]?.headers.has('proxy-authorization')).toBe(false);

    const bad = await serve((socket) => {
      answer(socket, 200);
    }, certificates.selfSigned);
    expect((await fetchBody(clientFor(bad.port, { proxy }))).result.failure?.step).toBe('tls');
  });

  it.each([407, 403, 502])('that refuses with %s is named as the cause', async (status) => {
    const port = await startProxy(status, []);
    const { result } = await fetchBody(
      clientFor(9, { proxy: { protocol: 'http:', host: '127.0.0.1', port, authorization: null } }),
    );
    expect(result.failure?.step).toBe('proxy');
    expect(result.failure?.message).toContain(String(status));
  });

  it('that is not there is named as the cause', async () => {
    const { result } = await fetchBody(
      clientFor(9, { proxy: { protocol: 'http:', host: '127.0.0.1', port: 1, authorization: null } }),
    );
    expect(result.failure).toMatchObject({ step: 'proxy' });
    expect(result.failure?.message).toContain('127.0.0.1:1');
  });
});
