/** What the cluster reader makes of a server, a network or a proxy that fails, lies or does not end. */
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import type { KubeGlobals } from '../../src/model/kube-globals.js';
import { decodeContinue } from '../../src/sandbox/continue-token.js';
import { type Fault, HOSTILE_NAMES } from '../../src/sandbox/fault.js';
import type { ReadRequest } from '../../src/ports/cluster-reader.js';
import { failureOf, openReader, readAll, type ReaderUnderTest, readStream } from './cluster-reader-harness.js';
import { openSandbox, type SandboxUnderTest } from './sandbox-client.js';

const VERSION = { path: '/version', kind: 'small' } as const;
const CONFIG_MAPS = { path: '/api/v1/configmaps', pageSize: 4 } as const;
const LOG: ReadRequest = {
  path: '/api/v1/namespaces/exhibit-quiet/pods/mixed/log',
  query: [['container', 'streams']],
  kind: 'stream',
  node: 'node1',
};
const onVersion = /^\/version$/;
const onLog = /\/pods\/mixed\/log/;
const onList = /^\/api\/v1\/configmaps/;
const onPageTwo = /^\/api\/v1\/configmaps\?.*continue=/;

let sandbox: SandboxUnderTest;
let under: ReaderUnderTest;
let before: number;

beforeAll(async () => (sandbox = await openSandbox()));
afterAll(async () => await sandbox.stop());

/** A new reader under these faults: retries depend on whether the server was ever reached. */
async function suffer(faults: readonly Fault[], globals: Partial<KubeGlobals> = {}): Promise<ReaderUnderTest> {
  await sandbox.setFaults(faults);
  before = sandbox.requests().length;
  under = await openReader(sandbox.kubeconfigPath, globals);
  return under;
}

// Whatever happened: the log names every call that the server saw, in order, and each of them ended.
afterEach(async () => {
  await under.reader.close();
  const seen = sandbox.requests().slice(before);
  const logged = under.calls.map((call) => call.start.auditIdSent);
  expect(seen.map((request) => request.auditId)).toEqual(logged.slice(logged.length - seen.length));
  for (const call of under.calls) {
    expect(call.end).not.toBeNull();
    // A call without an answer says why, one with an answer carries our audit id.
    if (call.end?.status === null) expect(call.end.error).toBeTruthy();
    else expect(call.end?.auditIdAnswered).toBe(call.start.auditIdSent);
  }
});

describe('before the head', () => {
  it('tries again when the connection is reset, and logs the lost call', async () => {
    const { reader, calls } = await suffer([{ kind: 'reset', path: onVersion, times: 1 }]);
    const answer = await reader.get(VERSION);
    expect(answer).toMatchObject({ status: 200, attempts: 2 });
    expect(calls.map((call) => call.end?.status)).toEqual([null, 200]);
    expect(calls[0]?.end).toMatchObject({ auditIdAnswered: null, sha256: null, sizeBytes: 0 });
    expect(new Set(calls.map((call) => call.start.auditIdSent)).size).toBe(2);
  });

  it('gives up after as many attempts as were allowed', async () => {
    const { reader, calls } = await suffer([{ kind: 'reset', path: onVersion }]);
    expect(await failureOf(reader.get({ ...VERSION, attempts: 3 }))).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(calls).toHaveLength(3);
  });

  it('takes silence for an answer and does not ask again', async () => {
    const { reader, calls } = await suffer([{ kind: 'no-answer', path: onVersion }]);
    expect(await failureOf(reader.get({ ...VERSION, firstByteTimeoutMs: 150 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.end?.status).toBeNull();
  });

  it.each(['expired', 'wrong-host', 'unknown-authority'] as const)(
    'trusts no %s certificate and sends nothing to it',
    async (certificate) => {
      const { reader } = await suffer([{ kind: 'bad-tls', certificate }]);
      expect(await failureOf(reader.get(VERSION))).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
      expect(sandbox.requests()).toHaveLength(before);
    },
  );
});

describe('refusals', () => {
  it.each([429, 503] as const)('waits as long as Retry-After says after %i', async (status) => {
    const { reader, pauses, messages } = await suffer([
      { kind: 'status', status, retryAfterSeconds: 3, path: onVersion, times: 2 },
    ]);
    expect(await reader.get(VERSION)).toMatchObject({ status: 200, attempts: 3 });
    expect(pauses).toHaveLength(2);
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(3000);
    expect(messages).toContain('CLUSTER_THROTTLED');
  });

  it.each([500, 502, 504] as const)('returns %i when it does not pass', async (status) => {
    const { reader, calls } = await suffer([{ kind: 'status', status, path: onVersion }]);
    const answer = await reader.get({ ...VERSION, attempts: 2 });
    expect(answer).toMatchObject({ status, attempts: 2, end: 'complete' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ kind: 'Status', code: status });
    expect(calls).toHaveLength(2);
  });

  it.each([403, 404, 410] as const)('does not repeat a call that ended with %i', async (status) => {
    const { reader } = await suffer([{ kind: 'status', status, path: onVersion }]);
    expect(await reader.get(VERSION)).toMatchObject({ status, attempts: 1 });
  });

  it('renews the credential once, then says that it is not accepted', async () => {
    const once = await suffer([{ kind: 'status', status: 401, path: onVersion, times: 1 }]);
    expect(await once.reader.get(VERSION)).toMatchObject({ status: 200 });
    await once.reader.close();
    const { reader, calls } = await suffer([{ kind: 'status', status: 401, path: onVersion }]);
    expect(await failureOf(reader.get(VERSION))).toMatchObject({ code: 'CLUSTER_UNAUTHENTICATED' });
    expect(calls.map((call) => call.end?.status)).toEqual([401, 401]);
  });

  it('follows no redirect', async () => {
    const { reader } = await suffer([{ kind: 'redirect', location: `${sandbox.server}/healthz`, path: onVersion }]);
    expect(await failureOf(reader.get(VERSION))).toMatchObject({ code: 'CLUSTER_PROTOCOL' });
    expect(
      sandbox
        .requests()
        .slice(before)
        .map((request) => request.target),
    ).toEqual(['/version']);
  });

  it('knows a login page from the API', async () => {
    const { reader } = await suffer([{ kind: 'html', path: onVersion }]);
    expect(await failureOf(reader.get(VERSION))).toMatchObject({ code: 'CLUSTER_PROTOCOL' });
  });
});

describe('bodies in memory', () => {
  it.each<[string, Fault]>([
    ['cut off', { kind: 'cut', afterBytes: 40, path: onVersion, times: 1 }],
    ['shorter than announced', { kind: 'wrong-length', byBytes: 7, path: onVersion, times: 1 }],
    ['longer than announced', { kind: 'wrong-length', byBytes: -7, path: onVersion, times: 1 }],
  ])('asks again for one that was %s', async (_, fault) => {
    const { reader, calls } = await suffer([fault]);
    const answer = await reader.get(VERSION);
    expect(answer).toMatchObject({ status: 200, end: 'complete', attempts: 2 });
    expect(() => JSON.parse(answer.body.toString()) as unknown).not.toThrow();
    expect(calls[0]?.end?.error).toContain('cut');
  });

  it('throws CUT when it is cut off each time', async () => {
    const { reader, calls } = await suffer([{ kind: 'cut', afterBytes: 40, path: onVersion }]);
    expect(await failureOf(reader.get({ ...VERSION, attempts: 2 }))).toMatchObject({ code: 'CUT' });
    expect(calls.map((call) => call.end?.sizeBytes)).toEqual([40, 40]);
  });

  it('throws TIMEOUT when it stops in the middle', async () => {
    const { reader } = await suffer([{ kind: 'stall', afterBytes: 40, path: onVersion }]);
    expect(await failureOf(reader.get({ ...VERSION, idleTimeoutMs: 150 }))).toMatchObject({ code: 'TIMEOUT' });
  });

  it('throws LIMIT_REACHED when it does not end', async () => {
    const { reader } = await suffer([{ kind: 'endless', path: onVersion }]);
    expect(await failureOf(reader.get({ ...VERSION, maxBytes: 200_000 }))).toMatchObject({ code: 'LIMIT_REACHED' });
  });

  it('is patient with one that comes slowly', async () => {
    const { reader } = await suffer([{ kind: 'slow', chunkBytes: 50, pauseMs: 20, path: onVersion }]);
    expect(await reader.get({ ...VERSION, idleTimeoutMs: 2000 })).toMatchObject({
      status: 200,
      end: 'complete',
      attempts: 1,
    });
  });
});

describe('streams', () => {
  it.each([0, 1, 100])('says cut after %i bytes, once, and never tries again by itself', async (afterBytes) => {
    const { reader, calls } = await suffer([{ kind: 'cut', afterBytes, path: onLog }]);
    const { answer, body } = await readStream(reader, LOG);
    expect(answer).toMatchObject({ status: 200, end: 'cut', sizeBytes: afterBytes, attempts: 1 });
    expect(answer.endDetail).toContain(`after ${afterBytes}`);
    expect(body).toHaveLength(afterBytes);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.end).toMatchObject({ status: 200, sizeBytes: afterBytes, sha256: answer.sha256 });
  });

  it('cannot know one that ends early and cleanly: that is why a log needs more proof than its framing', async () => {
    const { reader } = await suffer([{ kind: 'early-end', afterBytes: 100, path: onLog }]);
    expect((await readStream(reader, LOG)).answer).toMatchObject({ status: 200, end: 'complete', sizeBytes: 100 });
  });

  it('says timeout when it stops', async () => {
    const { reader } = await suffer([{ kind: 'stall', afterBytes: 100, path: onLog }]);
    const { answer } = await readStream(reader, { ...LOG, idleTimeoutMs: 150 });
    expect(answer).toMatchObject({ status: 200, end: 'timeout', sizeBytes: 100 });
  });

  it.each([7, -7])('says cut when the length lies by %i', async (byBytes) => {
    const { reader } = await suffer([{ kind: 'wrong-length', byBytes, path: onLog }]);
    expect((await readStream(reader, LOG)).answer).toMatchObject({ status: 200, end: 'cut' });
  });

  it('ends an endless one at the limit, to the byte', async () => {
    const { reader } = await suffer([{ kind: 'endless', path: onLog }]);
    const { answer, body } = await readStream(reader, { ...LOG, maxBytes: 3_000_001 });
    expect(answer).toMatchObject({ end: 'limit', sizeBytes: 3_000_001 });
    expect(body).toHaveLength(3_000_001);
  });

  it('ends an endless one when it is aborted', async () => {
    const { reader } = await suffer([{ kind: 'endless', path: onLog }]);
    const abort = new AbortController();
    let size = 0;
    const answer = await reader.stream(
      { ...LOG, signal: abort.signal },
      {
        chunk: (bytes) => {
          size += bytes.length;
          if (size > 100_000) abort.abort();
        },
      },
    );
    expect(answer).toMatchObject({ end: 'aborted', sizeBytes: size });
  });

  it('holds the server back while the consumer is busy', async () => {
    const { reader } = await suffer([{ kind: 'endless', path: onLog }]);
    let busy = 0;
    let most = 0;
    await reader.stream(
      { ...LOG, maxBytes: 2_000_000 },
      {
        chunk: async () => {
          most = Math.max(most, ++busy);
          await new Promise((resolve) => setImmediate(resolve));
          busy--;
        },
      },
    );
    expect(most).toBe(1);
  });

  it("hands over the kubelet's sentence, which comes with 200", async () => {
    const { reader } = await suffer([{ kind: 'kubelet-sentence', path: onLog }]);
    const { answer, body } = await readStream(reader, LOG);
    expect(answer).toMatchObject({ status: 200, end: 'complete' });
    expect(body.toString()).toMatch(/^unable to retrieve container logs for containerd:\/\//);
  });

  it('leaves a node alone that was silent again and again', async () => {
    const { reader, calls } = await suffer([{ kind: 'no-answer', path: onLog }]);
    for (let round = 0; round < 6; round++) await failureOf(readStream(reader, { ...LOG, firstByteTimeoutMs: 60 }));
    expect(calls.length).toBeLessThan(6);
  });
});

describe('lists', () => {
  it('starts again once after 410 and is whole', async () => {
    const { reader } = await suffer([{ kind: 'status', status: 410, path: onPageTwo, times: 1 }]);
    const { end, pages } = await readAll(reader, CONFIG_MAPS);
    expect(end).toMatchObject({ complete: true, attempts: 2, inconsistent: false, reason: null });
    expect(pages.map((page) => `${page.attempt}.${page.number}`)).toEqual(['1.1', '2.1', '2.2', '2.3']);
  });

  it('goes on inconsistently after the second 410, and says so', async () => {
    const { reader, messages } = await suffer([{ kind: 'status', status: 410, path: onPageTwo, times: 2 }]);
    const { end, pages } = await readAll(reader, CONFIG_MAPS);
    expect(end).toMatchObject({ complete: true, attempts: 2, inconsistent: true });
    expect(messages).toContain('CLUSTER_INCONSISTENT');
    expect(pages.filter((page) => page.attempt === 2)).toHaveLength(3);
    const asked = sandbox
      .requests()
      .slice(before)
      .map((request) => new URLSearchParams(request.target.split('?')[1]).get('continue') ?? '');
    expect(decodeContinue(asked.at(-2) ?? '')).toMatchObject({ resourceVersion: -1 });
  });

  it('ends with expired when each token is', async () => {
    const { reader } = await suffer([{ kind: 'status', status: 410, path: onPageTwo }]);
    expect((await readAll(reader, CONFIG_MAPS)).end).toMatchObject({ complete: false, reason: 'expired', status: 410 });
  });

  it.each<[string, Fault, { reason: string; status: number }]>([
    ['forbidden', { kind: 'status', status: 403, path: onPageTwo }, { reason: 'forbidden', status: 403 }],
    ['not there', { kind: 'status', status: 404, path: onList }, { reason: 'not-found', status: 404 }],
    ['a server error', { kind: 'status', status: 500, path: onPageTwo }, { reason: 'server-error', status: 500 }],
    ['half a JSON document', { kind: 'not-json', path: onPageTwo }, { reason: 'not-json', status: 200 }],
    ['a page for people', { kind: 'html', path: onPageTwo }, { reason: 'not-json', status: 200 }],
    ['a redirect', { kind: 'redirect', location: '/', path: onPageTwo }, { reason: 'not-json', status: 200 }],
    [
      'ended early and cleanly',
      { kind: 'early-end', afterBytes: 300, path: onPageTwo },
      { reason: 'not-json', status: 200 },
    ],
    ['cut off each time', { kind: 'cut', afterBytes: 300, path: onPageTwo }, { reason: 'cut', status: 200 }],
    ['the same token each time', { kind: 'same-token', path: onList }, { reason: 'token-repeated', status: 200 }],
  ])('ends with its reason when a page is %s', async (_, fault, ending) => {
    const { reader } = await suffer([fault]);
    const { end } = await readAll(reader, CONFIG_MAPS);
    expect(end).toMatchObject({ complete: false, ...ending });
    expect(sandbox.requests().length - before).toBeLessThan(12);
  });

  it('asks again for a page that was cut off once', async () => {
    const { reader } = await suffer([{ kind: 'cut', afterBytes: 300, path: onPageTwo, times: 1 }]);
    const { end, names } = await readAll(reader, CONFIG_MAPS);
    expect(end).toMatchObject({ complete: true, attempts: 1 });
    expect(new Set(names).size).toBe(names.length);
  });

  it('waits when it is throttled in the middle', async () => {
    const { reader, pauses } = await suffer([
      { kind: 'status', status: 429, retryAfterSeconds: 1, path: onPageTwo, times: 1 },
    ]);
    expect((await readAll(reader, CONFIG_MAPS)).end).toMatchObject({ complete: true });
    expect(pauses.some((pause) => pause >= 1000)).toBe(true);
  });

  it('does not wait for ever for a page', async () => {
    const { reader } = await suffer([{ kind: 'stall', afterBytes: 100, path: onPageTwo }], { requestTimeoutMs: 200 });
    expect((await readAll(reader, CONFIG_MAPS)).end).toMatchObject({ complete: false, reason: 'timeout' });
  });

  it('does not take a page of any size', async () => {
    const { reader } = await suffer([{ kind: 'endless', path: onPageTwo }]);
    const { end } = await readAll(reader, { ...CONFIG_MAPS, maxPageBytes: 500_000 });
    expect(end).toMatchObject({ complete: false, reason: 'page-too-large' });
  });

  it('hands hostile names over as they are', async () => {
    const { reader } = await suffer([{ kind: 'hostile-names', path: onList, times: 1 }]);
    const { end, names } = await readAll(reader, CONFIG_MAPS);
    expect(end.complete).toBe(true);
    for (const name of HOSTILE_NAMES) expect(names.map((full) => full.slice(full.indexOf('/') + 1))).toContain(name);
  });
});

it('shows that a container was started anew between two calls', async () => {
  const path = '/api/v1/namespaces/exhibit-quiet/pods/mixed';
  const { reader } = await suffer([{ kind: 'restarted-containers', path: /\/pods\/mixed$/, after: 1 }]);
  const states: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { body } = await reader.get({ path, kind: 'small' });
    const pod = JSON.parse(body.toString()) as {
      status: { containerStatuses: { containerID: string; restartCount: number }[] };
    };
    states.push(
      pod.status.containerStatuses.map((container) => `${container.containerID} ${container.restartCount}`).join(),
    );
  }
  expect(states[0]).not.toBe(states[1]);
  expect(states[1]).toContain(`${'5a'.repeat(32)} 1`);
});
