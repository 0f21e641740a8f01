import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionTo, connectReader, type ConnectedReader } from '../../test/fakes/connected-reader.js';
import { answer, startFaultServer, type Behaviour, type FaultServer } from '../../test/fakes/fault-server.js';
import { makeTestCertificates, type TestCertificates } from '../../test/fakes/test-certificates.js';
import type { ListEnd, ListPage, ListRequest } from '../ports/cluster-reader.js';
import { inconsistentToken, parseListPage } from './list-page.js';

let certificates: TestCertificates;
const cleanup: (() => Promise<void> | void)[] = [];
beforeAll(() => {
  certificates = makeTestCertificates();
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

interface Read extends ConnectedReader {
  readonly end: ListEnd;
  readonly pages: ListPage[];
  readonly server: FaultServer;
}

async function read(behaviour: Behaviour, rest: Partial<ListRequest> = {}): Promise<Read> {
  const server = await startFaultServer({ tls: certificates.good }, behaviour);
  const connected = connectReader(connectionTo(server.port, { ca: certificates.ca }));
  cleanup.push(
    () => server.close(),
    () => connected.reader.close(),
  );
  const pages: ListPage[] = [];
  const end = await connected.reader.list({ path: '/api/v1/pods', ...rest }, (received) => {
    pages.push(received);
    return Promise.resolve();
  });
  return { ...connected, end, pages, server };
}

function page(items: readonly unknown[], token = '', rest: object = {}): string {
  return JSON.stringify({
    kind: 'PodList',
    metadata: { resourceVersion: '7', ...(token === '' ? {} : { continue: token }) },
    items,
    ...rest,
  });
}

const tokenOf = (target: string): string => new URL(target, 'https://x').searchParams.get('continue') ?? '';

/** A store of numbered items, 2 a page; the token is the next number. */
function store(size: number, fault: Behaviour | null = null, faultAt = -1): Behaviour {
  let faulted = false;
  return (socket, request, index) => {
    const from = Number(tokenOf(request.target) === '' ? '0' : tokenOf(request.target));
    if (fault !== null && from === faultAt && !faulted) {
      faulted = true;
      fault(socket, request, index);
      return;
    }
    const items = Array.from({ length: Math.min(2, size - from) }, (_, at) => ({ n: from + at }));
    answer(socket, 200, page(items, from + 2 < size ? String(from + 2) : ''));
  };
}

const numbers = (pages: readonly ListPage[]): unknown[] =>
  pages.flatMap(({ items }) => items.map((item) => (item as { n: number }).n));
const expired =
  (token = ''): Behaviour =>
  (socket) => {
    answer(socket, 410, JSON.stringify({ kind: 'Status', metadata: { continue: token }, code: 410 }));
  };

describe('list', () => {
  it('follows the tokens and is complete at the page without one', async () => {
    const { end, pages, server } = await read(store(7), { query: [['labelSelector', 'a']] });
    expect(end).toEqual({
      complete: true,
      pages: 4,
      items: 7,
      attempts: 1,
      inconsistent: false,
      resourceVersion: '7',
      reason: null,
      detail: null,
      status: 200,
    });
    expect(numbers(pages)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(pages.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(JSON.parse(pages[0]?.body.toString() ?? '')).toMatchObject({ kind: 'PodList' });
    expect(server.seen.map(({ target }) => target)).toEqual([
      '/api/v1/pods?labelSelector=a&limit=500',
      '/api/v1/pods?labelSelector=a&limit=500&continue=2',
      '/api/v1/pods?labelSelector=a&limit=500&continue=4',
      '/api/v1/pods?labelSelector=a&limit=500&continue=6',
    ]);
  });

  it('asks again for a page that broke, at any page, and loses and doubles nothing', async () => {
    const faults: Behaviour[] = [
      (socket) => {
        socket.destroy();
      },
      (socket) => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"kind"');
      },
      (socket) => {
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"kin\r\n');
      },
      (socket) => {
        answer(socket, 500, '{}');
      },
      (socket) => {
        answer(socket, 429, '{}', { 'Retry-After': '1' });
      },
    ];
    for (const fault of faults) {
      for (const faultAt of [0, 4, 8]) {
        const { end, pages } = await read(store(10, fault, faultAt));
        expect(end).toMatchObject({ complete: true, items: 10, attempts: 1 });
        expect(numbers(pages)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }
    }
  });

  it('starts again once after 410, and marks the pages so', async () => {
    const { end, pages } = await read(store(6, expired('9'), 4));
    expect(end).toMatchObject({ complete: true, pages: 3, items: 6, attempts: 2, inconsistent: false });
    expect(pages.map(({ attempt, number }) => `${String(attempt)}.${String(number)}`)).toEqual([
      '1.1',
      '1.2',
      '2.1',
      '2.2',
      '2.3',
    ]);
  });

  it('goes on inconsistently after a second 410 when the server gives a token for it, and says so', async () => {
    let expiries = 0;
    const plain = store(6);
    const { end, messages } = await read((socket, request, index) => {
      if (tokenOf(request.target) === '2' && expiries < 2) {
        expiries += 1;
        expired('4')(socket, request, index);
      } else plain(socket, request, index);
    });
    expect(end).toMatchObject({ complete: true, attempts: 2, inconsistent: true, pages: 2, items: 4 });
    expect(messages.map(({ code }) => code)).toEqual(['CLUSTER_INCONSISTENT']);
  });

  it('ends as expired after a second 410 without a token, and when it never ends', async () => {
    const plain = store(6);
    const bare = await read((socket, request, index) => {
      (tokenOf(request.target) === '2' ? expired() : plain)(socket, request, index);
    });
    expect(bare.end).toMatchObject({ complete: false, reason: 'expired', status: 410, attempts: 2, pages: 1 });
    let fresh = 10;
    const endless = await read((socket, request, index) => {
      expired(String(++fresh))(socket, request, index);
    });
    expect(endless.end).toMatchObject({ complete: false, reason: 'expired' });
    expect(endless.server.seen.length).toBeLessThan(15);
  });

  it('does not follow a token twice, nor tokens without end', async () => {
    const twice = await read((socket) => {
      answer(socket, 200, page([1], 'same'));
    });
    expect(twice.end).toMatchObject({ complete: false, reason: 'token-repeated', pages: 2 });
    const cycle = await read((socket, request) => {
      answer(socket, 200, page([1], tokenOf(request.target) === 'a' ? 'b' : 'a'));
    });
    expect(cycle.end).toMatchObject({ complete: false, reason: 'token-repeated', pages: 3 });
    let count = 0;
    const endless = await read(
      (socket) => {
        answer(socket, 200, page([1], String(++count)));
      },
      { maxPages: 5 },
    );
    expect(endless.end).toMatchObject({ complete: false, reason: 'too-many-pages', pages: 5 });
  });

  it.each([
    ['not-json', 200, '{"kind":"PodLi'],
    ['not-json', 200, ''],
    ['not-a-list', 200, '{}'],
    ['not-a-list', 200, '[]'],
    ['not-a-list', 200, 'null'],
    ['not-a-list', 200, '{"metadata":{}}'],
    ['not-a-list', 200, '{"metadata":{},"items":{}}'],
    ['not-a-list', 200, '{"metadata":{"continue":7},"items":[]}'],
    ['forbidden', 403, '{"message":"no"}'],
    ['not-found', 404, ''],
    ['not-allowed', 405, ''],
    ['server-error', 501, ''],
    ['unavailable', 503, ''],
    ['throttled', 429, ''],
    ['unauthenticated', 401, ''],
    ['unexpected-status', 418, ''],
  ])('ends as %s on %i %s', async (reason, code, body) => {
    const { end, pages } = await read((socket) => {
      answer(socket, code, body);
    });
    expect(end).toMatchObject({ complete: false, reason, pages: 0, items: 0 });
    expect(pages).toEqual([]);
  });

  it('ends in words for what the network does', async () => {
    expect(
      (
        await read((socket) => {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{');
        })
      ).end,
    ).toMatchObject({ reason: 'cut', status: null });
    expect(
      (
        await read(
          (socket) => {
            answer(socket, 200, page([1]));
          },
          { maxPageBytes: 10 },
        )
      ).end,
    ).toMatchObject({ reason: 'page-too-large' });
    expect(
      (
        await read((socket) => {
          socket.destroy();
        })
      ).end,
    ).toMatchObject({ reason: 'unreachable' });
    expect(
      (
        await read((socket) => {
          answer(socket, 200, '<html>', { 'Content-Type': 'text/html' });
        })
      ).end,
    ).toMatchObject({ reason: 'not-json' });
    expect((await read(() => undefined, { signal: AbortSignal.timeout(50) })).end).toMatchObject({
      reason: 'interrupted',
      complete: false,
    });
  });

  it('takes rows of a Table, empty lists, null items and hostile keys', async () => {
    expect(
      (
        await read((socket) => {
          answer(socket, 200, '{"kind":"Table","metadata":{"resourceVersion":"3"},"rows":[{},{}]}');
        })
      ).end,
    ).toMatchObject({ complete: true, items: 2, resourceVersion: '3' });
    expect(
      (
        await read((socket) => {
          answer(socket, 200, page([]));
        })
      ).end,
    ).toMatchObject({ complete: true, items: 0, pages: 1 });
    expect(
      (
        await read((socket) => {
          answer(socket, 200, '{"metadata":{},"items":null}');
        })
      ).end,
    ).toMatchObject({ complete: true, items: 0 });
    const hostile = '{"metadata":{},"items":[{"__proto__":{"polluted":1}}],"__proto__":{"items":[1,2,3]}}';
    expect(
      (
        await read((socket) => {
          answer(socket, 200, hostile);
        })
      ).end,
    ).toMatchObject({ complete: true, items: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('throws what the receiver of the pages throws, and frees its turn', async () => {
    const server = await startFaultServer({ tls: certificates.good }, store(4));
    const { reader } = connectReader(connectionTo(server.port, { ca: certificates.ca }), { limits: { lists: 1 } });
    cleanup.push(
      () => server.close(),
      () => reader.close(),
    );
    await expect(reader.list({ path: '/x' }, () => Promise.reject(new Error('disk full')))).rejects.toThrow(
      'disk full',
    );
    expect((await reader.list({ path: '/x' }, () => Promise.resolve())).complete).toBe(true);
  });

  it('never has more than three lists under way', async () => {
    let open = 0;
    let most = 0;
    const server = await startFaultServer({ tls: certificates.good }, (socket, request, index) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        store(4)(socket, request, index);
      }, 5);
    });
    const { reader } = connectReader(connectionTo(server.port, { ca: certificates.ca }));
    cleanup.push(
      () => server.close(),
      () => reader.close(),
    );
    const ends = await Promise.all(
      Array.from({ length: 12 }, () => reader.list({ path: '/x' }, () => Promise.resolve())),
    );
    expect(ends.every(({ complete }) => complete)).toBe(true);
    expect(most).toBe(3);
  });
});

describe('parseListPage', () => {
  it('survives whatever comes', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const text of [
      deep,
      `{"metadata":{},"items":${deep}}`,
      '{"metadata":{},"items":[],"items":[1]}',
      '"\ud800"',
    ]) {
      expect(parseListPage(Buffer.from(text))).toBeTypeOf('object');
    }
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.record({ metadata: fc.jsonValue(), items: fc.jsonValue() }).map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const parsed = parseListPage(Buffer.from(text));
          if ('reason' in parsed) expect(['not-json', 'not-a-list']).toContain(parsed.reason);
          else expect(Array.isArray(parsed.items)).toBe(true);
          expect(inconsistentToken(Buffer.from(text))).toBeTypeOf('string');
        },
      ),
    );
  });
});
