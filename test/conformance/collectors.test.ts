import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { COLLECTORS } from '../../src/collectors/index.gen.js';
import type { ExhibitError } from '../../src/model/errors.js';
import { outcomeRecordSchema } from '../../src/model/outcome.js';
import type { Collector, Permission } from '../../src/ports/collector.js';
import { FakeCluster, type FakeAnswer, type FakeHandler } from '../fakes/fake-cluster.js';
import type { UsedPermission } from '../fakes/fake-cluster-permission.js';
import { runCollector, type FakeRun } from '../fakes/fake-cluster-run.js';
import { FakeSink } from '../fakes/fake-cluster-sink.js';
import { honestCluster, status, worldTargets } from '../fakes/fake-cluster-world.js';

// What a collector waits for between two looks is no part of its contract.
vi.mock('../../src/collectors/stats-series/pause.js', () => ({ pause: async () => await Promise.resolve() }));

/** Everything that is planned only where it was asked for is asked for. */
const ASKED_FOR = { statsSeconds: 1, checkpoints: ['shop/web-0'], memory: true };

const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', onRejection));
afterAll(() => void process.off('unhandledRejection', onRejection));

/** Those that read a node through scripts have a suite of their own. */
const each = COLLECTORS.filter(({ needsNodeAccess }) => needsNodeAccess !== true).map(
  (collector) => [collector.id, collector] as const,
);

async function planOf(collector: Collector, wholeCluster = false) {
  const planned = [];
  const limits = { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1000, ...ASKED_FOR };
  for await (const one of collector.plan({ targets: worldTargets(), limits, wholeCluster })) planned.push(one);
  return planned;
}

const run = async (
  collector: Collector,
  handler: FakeHandler,
  more: Partial<Parameters<typeof runCollector>[0]> = {},
) => {
  const cluster = new FakeCluster(handler);
  const limits = { ...ASKED_FOR, ...more.limits };
  return { cluster, ...(await runCollector({ collector, cluster, targets: worldTargets(), ...more, limits })) };
};

function covers(permission: Permission, used: UsedPermission): boolean {
  if (!(permission.verbs as readonly string[]).includes(used.verb)) return false;
  if (used.nonResourceUrl !== '') return permission.nonResourceUrl === used.nonResourceUrl;
  const group = permission.apiGroup === '*' || permission.apiGroup === used.apiGroup;
  return (
    group &&
    permission.nonResourceUrl === undefined &&
    (permission.resource === '*' || permission.resource === used.resource)
  );
}

/** What holds after every run, however the cluster behaved. */
function expectSound({ outcomes, sink }: FakeRun): void {
  expect([...sink.open_]).toEqual([]);
  const planned = new Set(outcomes.map((one) => one.planned.artifact));
  expect(planned.size).toBe(outcomes.length);
  for (const item of sink.items) expect(planned).toContain(item.draft.artifact);
  for (const {
    planned: { artifact, required },
    result,
  } of outcomes) {
    if (result === null) continue;
    const items = sink.items.filter((item) => item.draft.artifact === artifact);
    const at = '2026-03-04T05:06:07.000Z';
    const record = { artifact, collector: 'x', required, at, ...result, attempts: result.attempts ?? 1 };
    expect(outcomeRecordSchema.safeParse(record).error).toBeUndefined();
    expect(result.reason).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(result.detail).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.stringify(result.proof)).toMatch(/^[\x20-\x7e]*$/);
    if (result.outcome === 'collected' || result.outcome === 'partial')
      expect(items.length, artifact).toBeGreaterThan(0);
    if (result.outcome === 'collected') expect(Object.keys(result.proof).length).toBeGreaterThan(0);
  }
}

const only = (runResult: FakeRun) =>
  new Set(runResult.outcomes.map((one) => one.result?.outcome ?? (one.error as ExhibitError).code));

describe('the index', () => {
  it('holds each collector once, sorted by id', () => {
    const ids = COLLECTORS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toEqual(expect.arrayContaining(['cluster-identity', 'node-access', 'pod-logs']));
  });
});

describe.each(each)('%s', (_id, collector) => {
  it('describes itself', () => {
    expect(collector.title).not.toBe('');
    expect(collector.doc.length).toBeGreaterThan(200);
    expect(collector.tags.length).toBeGreaterThan(0);
    expect(collector.permissions.length).toBeGreaterThan(0);
    for (const { why } of collector.permissions) expect(why).not.toBe('');
  });

  it('plans the same, without a network, under keys that are valid and its own', async () => {
    for (const wholeCluster of [false, true]) {
      const planned = await planOf(collector, wholeCluster);
      expect(await planOf(collector, wholeCluster)).toEqual(planned);
      expect(planned.length).toBeGreaterThan(0);
      const keys = planned.map((one) => one.artifact);
      expect(new Set(keys).size).toBe(keys.length);
      for (const key of keys) {
        expect(key).toMatch(/^[\x21-\x7e]{1,1024}$/);
        expect(key.startsWith(`${collector.id}/`)).toBe(true);
      }
      expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
    }
  });

  it('reads an honest cluster to the end, whole, with rights that it declares', async () => {
    const { cluster, ...result } = await run(collector, honestCluster);
    expectSound(result);
    const gaps = result.outcomes.filter((one) => one.result?.outcome !== 'collected' && one.planned.required);
    expect(gaps.map((one) => [one.planned.artifact, one.result, one.error])).toEqual([]);
    expect(cluster.used.size).toBeGreaterThan(0);
    for (const used of cluster.used.values()) {
      expect(
        collector.permissions.some((permission) => covers(permission, used)),
        JSON.stringify(used),
      ).toBe(true);
    }
    const whole = await run(collector, honestCluster, { wholeCluster: true });
    expectSound(whole);
    for (const used of whole.cluster.used.values()) {
      expect(
        collector.permissions.some((permission) => covers(permission, used)),
        JSON.stringify(used),
      ).toBe(true);
    }
  });

  it('declares no right that it never uses', async () => {
    const narrow = await run(collector, honestCluster);
    const whole = await run(collector, honestCluster, { wholeCluster: true });
    const used = [...narrow.cluster.used.values(), ...whole.cluster.used.values()];
    const idle = collector.permissions.filter((permission) => !used.some((one) => covers(permission, one)));
    expect(idle).toEqual([]);
  });

  it.each([
    [401, 'denied'],
    [403, 'denied'],
    [404, 'absent'],
    [405, 'absent'],
    [410, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
    [302, 'failed'],
  ])('ends every artifact after %i', async (code, outcome) => {
    const result = await run(collector, () => status(code, 'no \x1b[31m"reason"\u202e'));
    expectSound(result);
    // A log whose container is known to have run is lost, not absent, when its pod is not there any more.
    const outcomes = collector.id === 'pod-logs' && code === 404 ? ['absent', 'failed'] : [outcome];
    expect([...only(result)].sort()).toEqual(outcomes);
    expect(result.sink.items).toEqual([]);
  });

  it.each(['TIMEOUT', 'CUT', 'CLUSTER_UNREACHABLE'] as const)('survives that nothing answers: %s', async (code) => {
    const result = await run(collector, () => ({ throws: code }));
    expectSound(result);
    expect([...only(result)].every((one) => one === 'failed' || one === code)).toBe(true);
    expect(result.sink.items).toEqual([]);
  });

  it.each(['cut', 'timeout'] as const)('calls nothing whole that ended by %s', async (end) => {
    const result = await run(collector, async (request) => ({ ...(await honestCluster(request)), end }));
    expectSound(result);
    expect(
      result.outcomes.filter((one) => one.result?.outcome === 'collected' || one.result?.outcome === 'empty'),
    ).toEqual([]);
  });

  it('calls nothing whole that is garbage', async () => {
    const garbage = Buffer.from('\u0000\u001b]0;x\u0007<a href="../../etc">{"items":[', 'latin1');
    const result = await run(collector, () => ({ body: garbage }));
    expectSound(result);
    expect(
      result.outcomes.filter((one) => one.result?.outcome === 'collected').map((one) => one.planned.artifact),
    ).toEqual([]);
  });

  it('ends an endless body at a limit', async () => {
    const endless = function* () {
      const line = Buffer.from(`2026-03-04T05:06:01.000000001Z ${'x'.repeat(4000)}\n`.repeat(256));
      for (;;) yield line;
    };
    const sink = new FakeSink();
    sink.keepBytes = 0;
    const isBig = (path: string) =>
      path.endsWith('/log') || path.includes('/proxy/logs/syslog') || path.endsWith('node-1/proxy/metrics');
    const handler: FakeHandler = async (request) => {
      return isBig(request.path) ? { body: endless() } : await honestCluster(request);
    };
    const result = await run(collector, handler, { limits: { maxLogBytes: 300_000 }, sink });
    expectSound(result);
    const big = result.outcomes.filter((one) => isBig(one.planned.source.split('?')[0] ?? ''));
    for (const one of big) expect(one.result).toMatchObject({ outcome: 'partial', reason: 'limit' });
    for (const item of result.sink.items.filter((one) => one.facts.truncated !== undefined))
      expect(item.facts.outcome).toBe('partial');
  });

  it.each(['before the head', 'in the body'])(
    'leaves no outcome and no open writer when it is aborted %s',
    async (when) => {
      const whole = await run(collector, honestCluster);
      for (let at = 0; at < whole.cluster.requests.length; at += 3) {
        const abort = new AbortController();
        let seen = 0;
        const handler: FakeHandler = async (request) => {
          const answer = await honestCluster(request);
          seen += 1;
          if (seen <= at) return answer;
          if (when === 'before the head') abort.abort();
          const bytes = Buffer.from(answer.body as string);
          const inTwo = function* () {
            yield bytes.subarray(0, 1);
            abort.abort();
            yield bytes.subarray(1);
          };
          return { ...answer, body: inTwo() };
        };
        const result = await run(collector, handler, { signal: abort.signal });
        expect([...result.sink.open_]).toEqual([]);
        const thrown = result.outcomes.filter((one) => one.result === null);
        expect(thrown.length).toBeGreaterThan(0);
        for (const { error } of thrown) expect(error).toMatchObject({ code: 'INTERRUPTED' });
        for (const { result: ended } of result.outcomes)
          expect(['collected', 'absent', undefined]).toContain(ended?.outcome);
        expect(result.sink.items.filter((item) => item.facts.outcome === 'partial')).toEqual([]);
      }
    },
  );

  it('lets a full disk through, whenever it is full, and leaves no writer open', async () => {
    const { writtenBytes } = (await run(collector, honestCluster)).sink;
    for (let full = 0; full < writtenBytes; full += Math.ceil(writtenBytes / 40)) {
      const sink = new FakeSink();
      sink.fullAfterBytes = full;
      const result = await run(collector, honestCluster, { sink });
      expect([...sink.open_]).toEqual([]);
      const thrown = result.outcomes.filter((one) => one.result === null);
      expect(thrown.length).toBeGreaterThan(0);
      for (const { error } of thrown) expect(error).toMatchObject({ code: 'STORAGE_FULL' });
    }
  });

  it('finds room beside what an interrupted run committed', async () => {
    const first = await run(collector, honestCluster);
    const second = await run(collector, honestCluster, { sink: first.sink });
    expectSound({ ...second, sink: first.sink });
    expect(second.outcomes.map((one) => one.result?.outcome)).toEqual(first.outcomes.map((one) => one.result?.outcome));
    expect(new Set(first.sink.paths()).size).toBe(first.sink.items.length);
  });

  it('lives with a body in pieces of one byte', async () => {
    const inPieces: FakeHandler = async (request) => {
      const answer: FakeAnswer = await honestCluster(request);
      const bytes = Buffer.from(answer.body as string);
      return { ...answer, body: Array.from(bytes, (byte) => Buffer.from([byte])) };
    };
    const result = await run(collector, inPieces);
    const plain = await run(collector, honestCluster);
    expectSound(result);
    const facts = ({ sink }: FakeRun) =>
      sink.items.map((item) => [item.draft.path, item.bytes.toString('hex'), item.facts.outcome]);
    expect(facts(result)).toEqual(facts(plain));
  });
});

describe('after all of this', () => {
  it('no promise was left unhandled', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(rejections).toEqual([]);
  });
});
