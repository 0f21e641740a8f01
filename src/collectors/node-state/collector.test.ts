import { describe, expect, it } from 'vitest';
import { FakeCluster, type FakeAnswer } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster, json, status } from '../../../test/fakes/fake-cluster-world.js';
import { collector } from './collector.js';

async function read(path: string, answer: FakeAnswer) {
  const cluster = new FakeCluster((request) =>
    request.path.endsWith(`/proxy/${path}`) ? answer : honestCluster(request),
  );
  const run = await runCollector({ collector, cluster, targets: fakeTargets({ nodes: [fakeNode('node-1')] }) });
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
      subject: { nodeUid: 'uid-of-node-1' },
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
