import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, startFaultServer, type Behaviour } from '../../test/fakes/fault-server.js';
import { makeTestCertificates, type TestCertificates } from '../../test/fakes/test-certificates.js';
import { systemClock } from '../lib/clock.js';
import { createHttpClient } from './http-client.js';
import type { HttpReceiver, HttpResult } from './http-exchange-types.js';

let certificates: TestCertificates;
const cleanup: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  certificates = makeTestCertificates();
});
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const MARK = 'e'.repeat(64);

async function exchange(
  behaviour: Behaviour,
  receiver: HttpReceiver,
  maxBytes: number | null = null,
): Promise<HttpResult> {
  const server = await startFaultServer({ tls: certificates.good, askCertificate: false }, behaviour);
  const client = createHttpClient(
    {
      protocol: 'https:',
      host: 'localhost',
      port: server.port,
      ca: certificates.ca,
      serverName: null,
      insecure: false,
      clientCertificate: null,
      proxy: null,
      connectTimeoutMs: 3000,
      maxConnections: 1,
    },
    systemClock,
  );
  cleanup.push(
    () => server.close(),
    () => {
      client.close();
    },
  );
  const limits = { firstByteTimeoutMs: 3000, idleTimeoutMs: 3000, maxBytes, signal: null };
  return await client.exchange({ method: 'GET', target: '/x', headers: [], body: null, ...limits }, receiver);
}

/** Answers `MARK` instead of a digest, so that one sees whose it is. */
function marking(head: 'keep' | 'brief' | 'drop', miscountBytes = 0): HttpReceiver & { asked: number } {
  let sizeBytes = miscountBytes;
  return {
    asked: 0,
    head: () => head,
    chunk: (bytes) => {
      sizeBytes += bytes.length;
    },
    digest() {
      this.asked += 1;
      return { sha256: MARK, sizeBytes };
    },
  };
}

const hello: Behaviour = (socket) => {
  answer(socket, 200, 'hello');
};

describe('the digest of a receiver that hashes itself', () => {
  it('is taken, once, for a whole body, a cut one and one that is limited', async () => {
    const whole = marking('keep');
    expect(await exchange(hello, whole)).toMatchObject({ end: 'complete', sha256: MARK, thrown: null });
    expect(whole.asked).toBe(1);
    const cut: Behaviour = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    expect(await exchange(cut, marking('keep'))).toMatchObject({
      end: 'cut',
      sizeBytes: 4,
      sha256: MARK,
      thrown: null,
    });
    expect(await exchange(hello, marking('keep'), 2)).toMatchObject({ end: 'limit', sizeBytes: 2, sha256: MARK });
  });

  it('is not asked for where the body does not go to it, or there is none', async () => {
    for (const head of ['drop', 'brief'] as const) {
      const receiver = marking(head);
      expect((await exchange(hello, receiver)).sha256).toBe(sha256('hello'));
      expect(receiver.asked).toBe(0);
    }
    const empty: Behaviour = (socket) => {
      answer(socket, 200);
    };
    expect((await exchange(empty, marking('keep'))).sha256).toBe(sha256(''));
    const none: Behaviour = (socket) => {
      socket.destroy();
    };
    expect(await exchange(none, marking('keep'))).toMatchObject({ head: null, sha256: sha256('') });
  });

  it.each([
    ['covers a byte less', marking('keep', -1)],
    ['covers a byte more', marking('keep', 1)],
    ['is not there', { ...marking('keep'), digest: () => null }],
  ])('fails the exchange when it %s', async (_what, receiver) => {
    const result = await exchange(hello, receiver);
    expect(result).toMatchObject({ sha256: null, thrown: { error: { code: 'INTERNAL' } } });
  });

  it('is taken from a receiver that failed, if it still covers everything', async () => {
    const failing = (miscountBytes: number): HttpReceiver => ({
      head: () => 'keep',
      chunk: () => {
        throw new Error('full');
      },
      digest: () => ({ sha256: MARK, sizeBytes: 5 + miscountBytes }),
    });
    expect(await exchange(hello, failing(0))).toMatchObject({ sha256: MARK, thrown: { error: { message: 'full' } } });
    expect(await exchange(hello, failing(-5))).toMatchObject({ sha256: null, thrown: { error: { message: 'full' } } });
  });

  it('waits for the chunk that is being taken when the body ends', async () => {
    let sizeBytes = 0;
    const slow: HttpReceiver = {
      head: () => 'keep',
      chunk: async (bytes) => {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        sizeBytes += bytes.length;
      },
      digest: () => ({ sha256: MARK, sizeBytes }),
    };
    const late: Behaviour = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    expect(await exchange(late, slow)).toMatchObject({ end: 'cut', sha256: MARK, sizeBytes: 4, thrown: null });
  });
});
