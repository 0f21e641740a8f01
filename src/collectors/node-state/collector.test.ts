import { describe, expect, it } from 'vitest';
import { FakeCluster, type FakeAnswer } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster, json, status } from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';

/** The last answer repeats. */
async function read(path: string, ...answers: readonly FakeAnswer[]) {
  let reads = 0;
  const cluster = new FakeCluster((request) =>
    request.path.endsWith(`/proxy/${path}`)
      ? (answers[Math.min(reads++, answers.length - 1)] ?? {})
      : honestCluster(request),
  );
  const nodes = [{ ...fakeNode('node-1'), machineId: 'machine-1' }];
  const run = await runCollector({ collector, cluster, targets: fakeTargets({ nodes }) });
  expect([...run.sink.open_]).toEqual([]);
  return { ...run, result: outcomeOf(run, `node-state/node-1/${path}`) };
}

const HELP = '# HELP up [STABLE] whether it is up\n# TYPE up gauge\n';

describe('metrics', () => {
  it.each(['up 1\n', 'up{a="b \\"c\\" }"} 1.5e+09 1700000000000\n', 'up NaN\n', 'up +Inf\n', '# EOF\n'])(
    'that end with %j are whole',
    async (last) => {
      expect((await read('metrics', { body: HELP + last })).result).toMatchObject({
        outcome: 'collected',
        proof: { lastLine: 'metric' },
      });
    },
  );

  it.each(['up{a="b', 'up{a="b"}\n', 'up', 'up 1', 'an error on the server\n', '{"kind":"Status"}\n'])(
    'that end with %j are not',
    async (last) => {
      const { result, sink } = await read('metrics', { body: HELP + last });
      expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end' });
      expect(sink.at('data/nodes/node-1/kubelet/metrics.txt').bytes.toString()).toBe(HELP + last);
    },
  );

  it('of no bytes are a failure', async () => {
    expect((await read('metrics', { body: '' })).result).toMatchObject({ outcome: 'failed', reason: 'unproven-end' });
  });
});

describe('the second read of metrics', () => {
  const family = (name: string, ...samples: string[]) => `# TYPE ${name} gauge\n${samples.join('')}`;
  const UP = family('up', 'up{n="1"} 1\n', 'up{n="2"} 1\n');
  const USED = family('used', 'used 5\n');

  it('proves the end where it has no other names and the same last series, whatever the values', async () => {
    const { result, sink } = await read(
      'metrics',
      { body: UP + USED },
      { body: UP + USED.replace('5', '6 1700000000000') },
    );
    expect(result).toMatchObject({
      outcome: 'collected',
      proof: { secondRead: 'complete', metricNames: 2, secondReadMetricNames: 2, lastSeries: 'same' },
    });
    expect(sink.at('data/nodes/node-1/kubelet/metrics.txt').bytes.toString()).toBe(UP + USED);
  });

  it('proves it too where names are gone', async () => {
    const { result } = await read('metrics', { body: UP + USED }, { body: USED });
    expect(result).toMatchObject({ outcome: 'collected', proof: { metricNames: 2, secondReadMetricNames: 1 } });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['between two families', UP, { familiesMissing: 1 }],
    ['within a family', UP.slice(0, UP.indexOf('up{n="2"}')), { lastSeries: 'differs' }],
  ])('finds a first answer that ended cleanly but early %s', async (_where, early, proof) => {
    const whole = early === UP ? UP + USED : UP;
    const { result, sink } = await read('metrics', { body: early }, { body: whole });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof });
    expect(result.detail).toMatch(/^A second read .*\.$/);
    expect(sink.at('data/nodes/node-1/kubelet/metrics.txt').facts.outcome).toBe('partial');
  });

  it('whose own end is early finds that the last series differs', async () => {
    const { result } = await read('metrics', { body: UP + USED }, { body: UP });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { lastSeries: 'differs' } });
  });

  it.each<[string, FakeAnswer]>([
    ['status-500', status(500, 'dial tcp')],
    ['cut', { body: UP, end: 'cut' }],
    ['timeout', { throws: 'TIMEOUT' }],
  ])('that ends with %s proves nothing', async (secondRead, second) => {
    const { result } = await read('metrics', { body: UP }, second);
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { secondRead } });
  });

  it.each(['metrics/cadvisor', 'metrics/resource'])('is made of %s as well', async (path) => {
    const { result } = await read(path, { body: UP }, { body: UP + USED });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'unproven-end', proof: { familiesMissing: 1 } });
  });
});

describe('health', () => {
  it('is collected when good and when bad', async () => {
    expect((await read('healthz', { body: 'ok' })).result).toMatchObject({
      outcome: 'collected',
      proof: { health: 'ok' },
    });
    const bad = await read('healthz', { status: 500, body: '[-]syncloop failed\nhealthz check failed\n' });
    expect(bad.result).toMatchObject({ outcome: 'collected', proof: { health: 'failed', status: 500 } });
    expect(bad.sink.paths()).toContain('data/nodes/node-1/kubelet/healthz.txt');
  });

  it('is not what the API server says of a kubelet that it cannot reach', async () => {
    const { result, sink } = await read('healthz', status(500, 'dial tcp 10.0.0.1:10250: connect: no route to host'));
    expect(result).toMatchObject({ outcome: 'failed', reason: 'kubelet-unreachable' });
    expect(result.detail).toContain('no route to host');
    expect(sink.paths()).not.toContain('data/nodes/node-1/kubelet/healthz.txt');
  });
});

describe('JSON', () => {
  it('with a sentence of the kubelet in its place is partial, and kept', async () => {
    const { result, sink } = await read('stats/summary', { body: 'Internal Error: failed to get stats' });
    expect(result).toMatchObject({ outcome: 'partial', reason: 'not-json' });
    expect(sink.at('data/nodes/node-1/kubelet/stats-summary.json').facts).toMatchObject({
      outcome: 'partial',
      subject: { nodeUid: 'uid-of-node-1', machineId: 'machine-1' },
    });
  });

  it('is marked where it may hold secrets, and seen from the kubelet', async () => {
    const { sink } = await read('pods', json({ kind: 'PodList' }));
    expect(sink.at('data/nodes/node-1/kubelet/pods.json').draft).toMatchObject({
      vantage: 'kubelet',
      sensitivity: 'secret',
    });
  });
});
