import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectionTo, connectReader, type ConnectedReader } from '../../test/fakes/connected-reader.js';
import { answer, startFaultServer, type Behaviour, type FaultServer } from '../../test/fakes/fault-server.js';
import { makeTestCertificates, type KeyPair, type TestCertificates } from '../../test/fakes/test-certificates.js';
import { ExhibitError } from '../model/errors.js';
import type { ReadRequest } from '../ports/cluster-reader.js';
import type { ConnectDeps } from './connect.js';
import type { ResolvedConnection } from './resolved-connection.js';

let certificates: TestCertificates;
const cleanup: (() => Promise<void> | void)[] = [];
beforeAll(() => {
  certificates = makeTestCertificates();
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

interface Setup extends ConnectedReader {
  readonly server: FaultServer;
}

async function start(
  behaviour: Behaviour,
  rest: { tls?: KeyPair; connection?: Partial<ResolvedConnection>; deps?: Partial<ConnectDeps> } = {},
): Promise<Setup> {
  const server = await startFaultServer({ tls: rest.tls ?? certificates.good }, behaviour);
  const connected = connectReader(connectionTo(server.port, { ca: certificates.ca, ...rest.connection }), rest.deps);
  cleanup.push(
    () => server.close(),
    () => connected.reader.close(),
  );
  return { ...connected, server };
}

/** One answer after the other; the last one again and again. */
const inTurn =
  (...steps: readonly Behaviour[]): Behaviour =>
  (socket, request, index) => {
    steps[Math.min(index, steps.length - 1)]?.(socket, request, index);
  };
const ok: Behaviour = (socket) => {
  answer(socket, 200, '{"ok":true}');
};
const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, body = '{}'): Behaviour =>
  (socket) => {
    answer(socket, code, body, headers);
  };
const reset: Behaviour = (socket) => {
  socket.destroy();
};
const cut: Behaviour = (socket) => {
  socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
};
const silent: Behaviour = () => undefined;

const GET: ReadRequest = { path: '/x', kind: 'small' };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof ExhibitError ? error.code : String(error);
  }
}

describe('every call', () => {
  it('bears an Audit-ID of its own and is in the log before and after, without the credential', async () => {
    const { reader, server, log } = await start(
      (socket, request) => {
        answer(socket, 200, '{}', {
          'Audit-Id': request.headers.get('audit-id')?.[0] ?? '',
          'Date': 'Fri, 02 Jan 2026 03:04:05 GMT',
        });
      },
      {
        connection: {
          impersonation: [
            ['Impersonate-User', 'boss'],
            ['Impersonate-Group', 'a'],
            ['Impersonate-Group', 'b'],
          ],
          basePath: '/k8s/c-1',
        },
      },
    );
    const got = await reader.get({
      ...GET,
      query: [
        ['fieldSelector', 'a=b&c'],
        ['limit', '5'],
      ],
    });
    const headers = server.seen[0]?.headers;
    expect(server.seen[0]?.target).toBe('/k8s/c-1/x?fieldSelector=a%3Db%26c&limit=5');
    expect(headers?.get('authorization')).toEqual(['Bearer s3cret']);
    expect(headers?.get('accept-encoding')).toEqual(['identity']);
    expect(headers?.get('user-agent')).toEqual(['test-agent']);
    expect(headers?.get('impersonate-group')).toEqual(['a', 'b']);
    expect(headers?.get('audit-id')).toEqual([got.auditIdSent]);
    expect(got).toMatchObject({
      status: 200,
      attempts: 1,
      end: 'complete',
      auditIdAnswered: got.auditIdSent,
      serverDate: 'Fri, 02 Jan 2026 03:04:05 GMT',
    });
    expect(log).toHaveLength(1);
    expect(log[0]?.start).toMatchObject({ method: 'GET', url: got.url, auditIdSent: got.auditIdSent });
    expect(log[0]?.end).toMatchObject({
      status: 200,
      sizeBytes: 2,
      sha256: createHash('sha256').update('{}').digest('hex'),
      error: null,
      auditIdAnswered: got.auditIdSent,
    });
    expect(log[0]?.end?.tlsPeerSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(log)).not.toContain('s3cret');
  });

  it('is logged when it is lost, each try on its own', async () => {
    const { reader, log, server } = await start(inTurn(reset, cut, ok));
    const got = await reader.get(GET);
    expect([got.attempts, got.body.toString()]).toEqual([3, '{"ok":true}']);
    expect(log.map(({ end }) => [end?.status ?? null, end?.error?.split(':')[0] ?? null])).toEqual([
      [null, 'reset'],
      [200, 'cut'],
      [200, null],
    ]);
    expect(log[1]?.end).toMatchObject({ sizeBytes: 4, sha256: createHash('sha256').update('half').digest('hex') });
    expect(new Set(server.seen.map(({ headers }) => headers.get('audit-id')?.[0])).size).toBe(3);
  });

  it('refuses paths that are not escaped', async () => {
    const { reader, server } = await start(ok);
    for (const path of ['x', '/a b', '/a?b', '/a\r\nX: y', '/\u00e4'])
      expect(await codeOf(reader.get({ ...GET, path }))).toBe('INTERNAL');
    expect(server.seen).toHaveLength(0);
  });

  it('can post a review, which is JSON both ways', async () => {
    const { reader, server } = await start(status(201, {}, '{"status":{}}'));
    const got = await reader.review('/apis/authentication.k8s.io/v1/selfsubjectreviews', { kind: 'SelfSubjectReview' });
    expect(got.status).toBe(201);
    expect(server.seen[0]).toMatchObject({ method: 'POST' });
    expect(server.seen[0]?.headers.get('content-type')).toEqual(['application/json']);
    expect(JSON.parse(server.seen[0]?.body.toString() ?? '')).toEqual({ kind: 'SelfSubjectReview' });
  });
});

describe('tries', () => {
  it.each([500, 502, 504])('follow on %i, four in all, and the last answer is returned', async (code) => {
    const { reader, server, pauses, messages } = await start(status(code, {}, '{"message":"m"}'));
    const got = await reader.get(GET);
    expect([got.status, got.attempts, got.body.toString(), server.seen.length]).toEqual([
      code,
      4,
      '{"message":"m"}',
      4,
    ]);
    expect(pauses).toHaveLength(3);
    expect(messages.filter(({ code: message }) => message === 'CLUSTER_RETRY')).toHaveLength(3);
  });

  it.each([400, 403, 404, 409, 410, 501, 503])('do not follow on %i', async (code) => {
    const { reader, server } = await start(status(code));
    expect((await reader.get(GET)).status).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, number, number]>([
    ['seconds', { 'Retry-After': '3' }, 3000, 5000],
    ['an absurd number', { 'Retry-After': '1000000000' }, 120_000, 125_000],
    ['nothing', {}, 250, 500],
  ])('wait on 429 as %s say, and say so', async (...[, headers, leastMs, mostMs]) => {
    const { reader, pauses, messages } = await start(inTurn(status(429, headers), ok));
    expect((await reader.get(GET)).status).toBe(200);
    expect(pauses).toHaveLength(1);
    expect(pauses[0]).toBeGreaterThanOrEqual(leastMs);
    expect(pauses[0]).toBeLessThanOrEqual(mostMs);
    expect(messages.map(({ code }) => code)).toEqual(['CLUSTER_THROTTLED', 'CLUSTER_RETRY']);
  });

  it('together wait no longer than their budget', async () => {
    const { reader, pauses } = await start(status(503, { 'Retry-After': '9999' }));
    expect((await reader.get({ ...GET, attempts: 50 })).status).toBe(503);
    expect(pauses).toHaveLength(1);
  });

  it('renew a refused credential once', async () => {
    const good = await start(inTurn(status(401), ok));
    expect((await good.reader.get(GET)).status).toBe(200);
    const bad = await start(status(401));
    expect(await codeOf(bad.reader.get(GET))).toBe('CLUSTER_UNAUTHENTICATED');
    expect(bad.server.seen).toHaveLength(2);
  });

  it('outlast a server that restarts, but not one that was never there', async () => {
    const { reader, server, pauses } = await start(inTurn(ok, ...Array<Behaviour>(7).fill(reset), ok));
    await reader.get(GET);
    expect((await reader.get(GET)).status).toBe(200);
    expect(server.seen).toHaveLength(9);
    expect(pauses.reduce((sum, delayMs) => sum + delayMs, 0)).toBeLessThanOrEqual(60_000);
    const never = await start(reset);
    expect(await codeOf(never.reader.get(GET))).toBe('CLUSTER_UNREACHABLE');
    expect(never.server.seen).toHaveLength(4);
  });

  it('do not follow on silence, a limit or an abort', async () => {
    const { reader, server } = await start((socket, request) => {
      if (request.target === '/long') answer(socket, 200, 'x'.repeat(100));
    });
    expect(await codeOf(reader.get({ ...GET, firstByteTimeoutMs: 50 }))).toBe('TIMEOUT');
    expect(await codeOf(reader.get({ ...GET, path: '/long', maxBytes: 99 }))).toBe('LIMIT_REACHED');
    const abort = new AbortController();
    const waiting = codeOf(reader.get({ ...GET, signal: abort.signal }));
    abort.abort();
    expect(await waiting).toBe('INTERRUPTED');
    expect(server.seen.length).toBeLessThanOrEqual(3);
  });
});

describe('what is not the API', () => {
  it('is told apart: redirects, login pages, bad certificates', async () => {
    const elsewhere = await start(status(302, { Location: 'https://sso.test/' }));
    expect(await codeOf(elsewhere.reader.get(GET))).toBe('CLUSTER_PROTOCOL');
    expect(elsewhere.server.seen).toHaveLength(1);
    const page = await start(status(200, { 'Content-Type': 'text/html; charset=utf-8' }, '<html>'));
    const error: unknown = await page.reader.get(GET).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CLUSTER_PROTOCOL',
      message: expect.stringContaining('login page') as unknown,
    });
    const expired = await start(ok, { tls: certificates.expired });
    const refused: unknown = await expired.reader.get(GET).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: 'The certificate of the server has expired.',
    });
    expect(expired.log[0]?.end?.error).toMatch(/^tls/);
  });

  it('is said aloud when the certificate is not checked', async () => {
    const { reader, messages } = await start(ok, { tls: certificates.selfSigned, connection: { insecure: true } });
    expect((await reader.get(GET)).status).toBe(200);
    expect(messages.map(({ code }) => code)).toEqual(['CLUSTER_INSECURE']);
  });
});

describe('stream', () => {
  it('hands over head and chunks and tells how the body ended', async () => {
    const { reader } = await start(inTurn(cut));
    const chunks: Buffer[] = [];
    const heads: number[] = [];
    const got = await reader.stream(
      { path: '/log', kind: 'stream', node: 'n1' },
      {
        head: (code) => {
          heads.push(code);
          return true;
        },
        chunk: (bytes) => {
          chunks.push(bytes);
        },
      },
    );
    expect(got).toMatchObject({ status: 200, end: 'cut', sizeBytes: 4, attempts: 1 });
    expect(heads).toEqual([200]);
    expect(Buffer.concat(chunks).toString()).toBe('half');
  });

  it('shows only the last of several tries to the consumer', async () => {
    const { reader } = await start(inTurn(status(500, {}, 'no'), status(429, {}, 'no'), status(200, {}, 'yes')));
    const seen: string[] = [];
    const got = await reader.stream(
      { path: '/log', kind: 'stream' },
      {
        head: (code) => {
          seen.push(String(code));
          return true;
        },
        chunk: (bytes) => {
          seen.push(bytes.toString());
        },
      },
    );
    expect(seen).toEqual(['200', 'yes']);
    expect(got.attempts).toBe(3);
  });

  it('throws what the consumer throws and logs the call all the same', async () => {
    const { reader, log } = await start(ok);
    await expect(
      reader.stream(
        { path: '/log', kind: 'stream' },
        {
          chunk: () => {
            throw new Error('disk full');
          },
        },
      ),
    ).rejects.toThrow('disk full');
    expect(log[0]?.end?.error).toMatch(/receiver/);
  });

  it('gives up a node after two silences, for all its calls, and leaves the others alone', async () => {
    const { reader, server } = await start((socket, request, index) => {
      (request.target.includes('dead') ? silent : ok)(socket, request, index);
    });
    const dead: ReadRequest = { path: '/dead', kind: 'stream', node: 'n1', firstByteTimeoutMs: 50 };
    const sink = { chunk: () => undefined };
    expect(await codeOf(reader.stream(dead, sink))).toBe('TIMEOUT');
    expect(await codeOf(reader.stream(dead, sink))).toBe('TIMEOUT');
    const error: unknown = await reader.stream({ ...dead, path: '/fine' }, sink).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('node n1') as unknown });
    expect(server.seen).toHaveLength(2);
    expect((await reader.stream({ path: '/fine', kind: 'stream', node: 'n2' }, sink)).status).toBe(200);
  });

  it('gives up a node whose answers stop, too', async () => {
    const { reader, server } = await start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    });
    const stalling: ReadRequest = { path: '/log', kind: 'stream', node: 'n1', idleTimeoutMs: 50 };
    const sink = { chunk: () => undefined };
    expect((await reader.stream(stalling, sink)).end).toBe('timeout');
    expect((await reader.stream(stalling, sink)).end).toBe('timeout');
    expect(await codeOf(reader.stream(stalling, sink))).toBe('TIMEOUT');
    expect(server.seen).toHaveLength(2);
  });

  it('stops trying a node that the API server cannot reach', async () => {
    const { reader, server } = await start(
      status(
        500,
        {},
        '{"message":"Get \\"https://10.0.0.1:10250/x\\": dial tcp 10.0.0.1:10250: connect: connection refused"}',
      ),
    );
    const got = await reader.stream({ path: '/log', kind: 'stream', node: 'n1' }, { chunk: () => undefined });
    expect([got.status, server.seen.length]).toEqual([500, 2]);
  });

  it('lets two a node and 32 in all run at once', async () => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const behaviour: Behaviour = (socket) => {
      open += 1;
      most = Math.max(most, open);
      waiting.push(() => {
        open -= 1;
        answer(socket, 200, 'x');
      });
      if (waiting.length === 32 || most === 32) for (const go of waiting.splice(0)) setImmediate(go);
    };
    const { reader } = await start(behaviour, { deps: { firstStreams: 32 } });
    const done = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        reader.stream({ path: '/l', kind: 'stream', node: `n${String(index % 20)}` }, { chunk: () => undefined }),
      ),
    );
    expect(done.every(({ end }) => end === 'complete')).toBe(true);
    expect(most).toBe(32);
  });

  it('begins with eight streams and lets the next in when one has ended', async () => {
    const held: (() => void)[] = [];
    const { reader, server } = await start((socket) => {
      held.push(() => {
        answer(socket, 200, 'x');
      });
    });
    const done = Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        reader.stream({ path: '/l', kind: 'stream', node: `n${String(index)}` }, { chunk: () => undefined }),
      ),
    );
    await vi.waitFor(() => {
      expect(held).toHaveLength(8);
    });
    // Small calls do not stand behind the streams, nor let one in.
    const small = reader.get({ path: '/other', kind: 'small' });
    await vi.waitFor(() => {
      expect(held).toHaveLength(9);
    });
    held.pop()?.();
    await small;
    expect(server.seen).toHaveLength(9);
    for (let answered = 0; answered < 20;) {
      await vi.waitFor(() => {
        expect(held.length).toBeGreaterThan(answered);
      });
      held[answered]?.();
      answered += 1;
    }
    expect((await done).every(({ end }) => end === 'complete')).toBe(true);
  });

  it('takes the digest of a consumer that hashes itself, but only for bytes that went to it', async () => {
    const { reader, log } = await start(inTurn(status(500, {}, 'no'), status(200, {}, 'yes')));
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let asked = 0;
    const got = await reader.stream(
      { path: '/log', kind: 'stream' },
      {
        chunk: (bytes) => {
          hash.update(bytes);
          sizeBytes += bytes.length;
        },
        digest: () => {
          asked += 1;
          return { sha256: hash.copy().digest('hex'), sizeBytes };
        },
      },
    );
    const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(got.sha256).toBe(digestOf('yes'));
    expect(log.map(({ end }) => end?.sha256)).toEqual([digestOf('no'), digestOf('yes')]);
    expect(asked).toBe(1);
  });

  it('fails a call whose consumer hashed less than it was handed', async () => {
    const { reader, log } = await start(ok);
    const call = reader.stream(
      { path: '/log', kind: 'stream' },
      { chunk: () => undefined, digest: () => ({ sha256: 'e'.repeat(64), sizeBytes: 1 }) },
    );
    await expect(call).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(log[0]?.end).toMatchObject({ status: 200, sha256: null, error: 'the receiver of the bytes failed' });
  });
});
