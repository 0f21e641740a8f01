import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import type { CollectorPodSettings } from '../../src/model/collector-pod-settings.js';
import type { Clock } from '../../src/ports/clock.js';
import type { NodeAccess, NodeCommandEnd } from '../../src/ports/node-access.js';
import { deleteNamespaces, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { leftOf, openPodWay, type PodWay } from './pod-access.js';

const NAMESPACE = 'exhibit-lab-faults';
const external = process.env['LAB_EXTERNAL'] === '1';

let laboratory: Laboratory;
let node: string;

async function create(path: string, object: object): Promise<void> {
  const program = laboratory.settings['LAB_KUBECTL'] ?? 'kubectl';
  const args = ['--kubeconfig', laboratory.kubeconfig, 'create', '--raw', path, '-f', '-'];
  await execa(program, args, { input: JSON.stringify(object) });
}

beforeAll(async () => {
  laboratory = await openLaboratory();
  node = laboratory.nodes[0] ?? '';
  const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } });
});
afterAll(async () => {
  await deleteNamespaces(laboratory, NAMESPACE);
});

interface Settings extends Partial<CollectorPodSettings> {
  readonly clock?: Clock;
}

/** Whatever happens to a pod, nothing of it is in the cluster afterwards, and the next one reads the node. */
async function withWay(use: (way: PodWay) => Promise<void>, { clock, ...more }: Settings = {}): Promise<void> {
  const way = await openPodWay(laboratory, { namespace: NAMESPACE, ...more }, clock);
  try {
    await use(way);
  } finally {
    await way.close();
  }
  expect(await leftOf(laboratory, way.caseToken)).toEqual([]);
}

async function expectReadable(name: string): Promise<void> {
  await withWay(async (way) => {
    const access = await way.open(name);
    expect(await access.run({ name: 'again', script: 'echo here' }, { chunk: () => undefined })).toMatchObject({
      end: 'complete',
      exitStatus: 0,
    });
    await access.close();
  });
}

/** Begins to read what has no end; `end` once it was cut. */
async function reading(access: NodeAccess): Promise<{ readonly end: Promise<NodeCommandEnd> }> {
  let began: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (began = resolve));
  const end = access.run(
    { name: 'endless', script: 'while :; do echo line; sleep 0.05; done', idleTimeoutMs: 4000 },
    {
      chunk: () => {
        began();
      },
    },
  );
  await begun;
  return { end };
}

describe('a collector pod that is taken away while it is read', () => {
  it('by an eviction: what came is kept, and who did it is said', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      const { namespace = '', pod = '' } = access.facts.transport ?? {};
      const { end } = await reading(access);
      const metadata = { name: pod, namespace };
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
      await create(`/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, eviction);
      const cut = await end;
      expect(cut).toMatchObject({ end: 'cut', farSha256: null });
      expect(cut.sizeBytes).toBeGreaterThan(0);
      // An object that is gone already says no more who took it away.
      expect(cut.endDetail).toMatch(/, by EvictionByEvictionAPI|the collector pod was deleted/);
      await access.close();
    });
    await expectReadable(node);
  });

  it('by its own deadline', async () => {
    await withWay(
      async (way) => {
        const access = await way.open(node);
        const cut = await (await reading(access)).end;
        expect(cut).toMatchObject({ end: 'cut' });
        expect(cut.endDetail).toMatch(/ended: (DeadlineExceeded|Completed|Succeeded)/);
        await access.close();
      },
      { deadlineSeconds: 8 },
    );
  });
});

describe('a collector pod that has no more memory', () => {
  it('loses one script, and goes on', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      const script = 'echo begun; x=$(head -c 400000000 /dev/zero | tr "\\0" x); echo "$x" | wc -c';
      const end = await access.run({ name: 'hungry', script }, { chunk: () => undefined });
      expect(end).toMatchObject({ end: 'complete', exitStatus: 137, sizeBytes: 6 });
      const next = await access.run({ name: 'next', script: 'echo here' }, { chunk: () => undefined });
      expect(next).toMatchObject({ end: 'complete', exitStatus: 0 });
      await access.close();
    });
  });

  it('never gives a whole answer where nothing that is ended gives memory back', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      const script = `echo begun; mkdir /tmp/hungry && mount -t tmpfs none /tmp/hungry || exit 0
head -c 400000000 /dev/zero > /tmp/hungry/file || { sleep 60; exit 1; }`;
      const end = await access.run({ name: 'hungry', script, timeoutMs: 30_000 }, { chunk: () => undefined });
      expect({ ...end, whole: end.end === 'complete' && end.exitStatus === 0 }).toMatchObject({ whole: false });
      expect(end.sizeBytes).toBe(6);
      await access.close();
    });
    await expectReadable(node);
  });
});

async function refusalOf(more: Partial<CollectorPodSettings>): Promise<unknown> {
  let refused: unknown = null;
  await withWay(async (way) => {
    refused = await way.open(node).then(
      () => null,
      (error: unknown) => error,
    );
  }, more);
  return refused;
}

describe('a collector pod that does not start', () => {
  it('since its image cannot be pulled', async () => {
    const image = `127.0.0.1:9/absent@sha256:${'0'.repeat(64)}`;
    const refused = await refusalOf({ image, imagePresent: false });
    expect(refused).toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'image-missing' });
    expect((refused as Error).message).toMatch(/ErrImagePull|ImagePullBackOff/);
  });

  it('since the node is full', async () => {
    const cpus = await kubectl(laboratory, ['get', 'node', node, '-o', 'jsonpath={.status.allocatable.cpu}']);
    await fill(cpus.endsWith('m') ? Number.parseInt(cpus, 10) : Number(cpus) * 1000);
    expect(await refusalOf({})).toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'node-full' });
    await kubectl(laboratory, ['delete', 'pod', '-n', NAMESPACE, 'full', '--grace-period=0', '--force']);
    await expectReadable(node);
  });
});

/** A pod that asks for all processors but what those beside it ask for, and 5 thousandths. */
async function fill(milliCpus: number): Promise<void> {
  const path = 'jsonpath={range .items[*].spec.containers[*]}{.resources.requests.cpu}{"\\n"}{end}';
  const selector = `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`;
  const asked = await kubectl(laboratory, ['get', 'pods', '-A', '--field-selector', selector, '-o', path]);
  const used = asked
    .split('\n')
    .reduce((sum, cpu) => sum + (cpu.endsWith('m') ? Number.parseInt(cpu, 10) : Number(cpu) * 1000), 0);
  const requests = { cpu: `${String(milliCpus - used - 5)}m` };
  const image = laboratory.settings['LAB_IMAGE'] ?? '';
  const container = {
    name: 'app',
    image,
    imagePullPolicy: 'Never',
    command: ['sleep', '600'],
    resources: { requests },
  };
  await create(`/api/v1/namespaces/${NAMESPACE}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'full' },
    spec: { nodeName: node, automountServiceAccountToken: false, containers: [container] },
  });
  const phase = ['get', 'pod', '-n', NAMESPACE, 'full', '-o', 'jsonpath={.status.phase}'];
  await expect.poll(async () => await kubectl(laboratory, phase), { timeout: 60_000 }).toBe('Running');
}

describe.skipIf(external)(
  'a node that dies while it is read (skipped outside this machine: no kubelet of ours to stop)',
  () => {
    let kubelet: number;
    beforeAll(async () => {
      kubelet = Number.parseInt(await readFile(join(dirname(laboratory.kubeconfig), 'pids/kubelet-node2'), 'utf8'), 10);
    });
    afterEach(() => {
      process.kill(kubelet, 'SIGCONT');
    });

    it('costs what was being read, names the pod that stays, and the pod goes when the node is back', async () => {
      // A minute is waited for the end of the pod; here it is six seconds.
      const clock: Clock = { ...systemClock, monoUs: () => systemClock.monoUs() * 10 };
      const way = await openPodWay(laboratory, { namespace: NAMESPACE }, clock);
      const access = await way.open('node2');
      const { end } = await reading(access);
      process.kill(kubelet, 'SIGSTOP');
      const ended = await end;
      expect(ended.end).toBe('timeout');
      expect(ended.sizeBytes).toBeGreaterThan(0);
      await access.close();
      expect(way.entries.at(-1)).toMatchObject({ kind: 'remove-pods', outcome: 'left-behind' });
      await way.close();
      expect(await leftOf(laboratory, way.caseToken)).toHaveLength(1);
      process.kill(kubelet, 'SIGCONT');
      await expect.poll(async () => await leftOf(laboratory, way.caseToken), { timeout: 120_000 }).toEqual([]);
      await expectReadable('node2');
    });
  },
);
