import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeCluster, type FakeAnswer } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, outcomeOf, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { honestCluster, json, status } from '../../../test/fakes/fake-cluster-world.js';
import { collector, sampleTimes } from './collector.js';
import { pause } from './pause.js';

vi.mock('./pause.js', () => ({ pause: vi.fn(async () => undefined) }));
beforeEach(() => {
  vi.mocked(pause).mockClear();
});

const container = (name: string, cores: number, time: string) => ({
  name,
  cpu: { time, usageNanoCores: cores, usageCoreNanoSeconds: 5e15 },
  memory: { workingSetBytes: 100 + cores },
  rootfs: { usedBytes: 10 },
});

const summary = (cores: number, time: string, sent = cores) => ({
  node: { nodeName: 'node-1', cpu: { time, usageNanoCores: 5 }, systemContainers: [container('kubelet', 1, time)] },
  pods: [
    {
      podRef: { namespace: 'shop', name: 'cart', uid: 'u1' },
      network: { rxBytes: 1, txBytes: sent },
      containers: [container('main', cores, time)],
    },
  ],
});

async function series(seconds: number, ...answers: readonly FakeAnswer[]) {
  let reads = 0;
  const cluster = new FakeCluster((request) =>
    request.path.endsWith('/proxy/stats/summary')
      ? (answers[Math.min(reads++, answers.length - 1)] ?? {})
      : honestCluster(request),
  );
  const targets = fakeTargets({ nodes: [fakeNode('node-1')] });
  const run = await runCollector({ collector, cluster, targets, limits: { statsSeconds: seconds } });
  expect([...run.sink.open_]).toEqual([]);
  return run;
}

const linesOf = (run: Awaited<ReturnType<typeof series>>) =>
  run.sink
    .at('data/derived/nodes/node-1/stats-series.jsonl')
    .bytes.toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a series of samples', () => {
  it('is taken every five seconds and once at the end', () => {
    expect(sampleTimes(1)).toEqual([0, 1]);
    expect(sampleTimes(5)).toEqual([0, 5]);
    expect(sampleTimes(12)).toEqual([0, 5, 10, 12]);
  });

  it('is not planned unless it was asked for', async () => {
    expect((await series(0)).outcomes).toEqual([]);
  });

  it('keeps each sample and shows what worked all the time', async () => {
    const run = await series(
      10,
      json(summary(2_000_000_000, '2026-01-01T00:00:00Z', 100)),
      json(summary(2_000_000_000, '2026-01-01T00:00:00Z', 100)),
      json(summary(1_900_000_000, '2026-01-01T00:00:10Z', 5100)),
    );
    expect(outcomeOf(run, 'stats-series/node-1')).toMatchObject({
      outcome: 'collected',
      proof: { samples: 3, whole: 3 },
    });
    expect(vi.mocked(pause).mock.calls.map(([delayMs]) => delayMs)).toEqual([0, 5000, 5000]);
    expect(JSON.parse(run.sink.at('data/nodes/node-1/stats/summary-0003.json').bytes.toString())).toEqual(
      summary(1_900_000_000, '2026-01-01T00:00:10Z', 5100),
    );
    const lines = linesOf(run);
    expect(lines.map(({ pod, container: name }) => [pod, name])).toEqual([
      ['', ''],
      ['', 'kubelet'],
      ['cart', ''],
      ['cart', 'main'],
    ]);
    expect(lines[3]).toMatchObject({
      measured: 2,
      cpuNanoCoresMin: '1900000000',
      cpuNanoCoresMax: '2000000000',
      cpuNanoCoresLast: '1900000000',
      memoryWorkingSetBytesMax: '2000000100',
      writableLayerBytesGrown: '0',
    });
    expect(lines[2]).toMatchObject({ networkTxBytesGrown: '5000', networkRxBytesGrown: '0', cpuNanoCoresMax: null });
  });

  it('says nothing of growth where a counter went back', async () => {
    const run = await series(5, json(summary(1, 'a', 50)), json(summary(1, 'b', 7)));
    expect(linesOf(run)[2]).toMatchObject({ networkTxBytesGrown: null });
  });

  it('goes on where one sample is missing, and says so', async () => {
    const run = await series(10, json(summary(1, 'a')), status(500, 'no'), json(summary(1, 'b')));
    expect(outcomeOf(run, 'stats-series/node-1')).toMatchObject({
      outcome: 'partial',
      reason: 'samples-missing',
      proof: { samples: 3, whole: 2 },
    });
  });

  it('ends at once where the right is missing', async () => {
    const run = await series(30, status(403, 'forbidden'));
    expect(outcomeOf(run, 'stats-series/node-1')).toMatchObject({
      outcome: 'denied',
      reason: 'forbidden',
      proof: { samples: 1 },
    });
    expect([...run.sink.items]).toEqual([]);
  });

  it('does not believe a document that is no summary', async () => {
    const run = await series(1, json({ items: [] }));
    expect(outcomeOf(run, 'stats-series/node-1')).toMatchObject({ outcome: 'partial', proof: { whole: 0 } });
  });

  it('takes what a lying node sends for no more than it is', async () => {
    const odd = {
      podRef: { name: 7, uid: null },
      containers: [{ name: 'x'.repeat(5000), cpu: { usageNanoCores: -4 } }, null],
    };
    const run = await series(1, json({ node: { nodeName: 'n' }, pods: [odd, 'pod'] }));
    expect(outcomeOf(run, 'stats-series/node-1').outcome).toBe('collected');
    expect(linesOf(run).map((line) => [line['of'], String(line['container']).length, line['cpuNanoCoresMax']])).toEqual(
      [
        ['node', 0, null],
        ['pod', 0, null],
        ['container', 256, null],
        ['container', 0, null],
      ],
    );
  });
});
