import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExhibitError } from '../../src/model/errors.js';
import type { CollectorPodSettings } from '../../src/model/collector-pod-settings.js';
import type { NodeAccess, NodeCommandEnd } from '../../src/ports/node-access.js';
import { nodeAccessContract } from '../conformance/node-access-contract.js';
import { deleteNamespaces, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { startMutatingWebhook } from './mutating-webhook.js';
import { leftOf, openPodWay, type PodWay } from './pod-access.js';

let laboratory: Laboratory;
let node: string;

beforeAll(async () => {
  laboratory = await openLaboratory();
  node = laboratory.nodes[0] ?? '';
});

async function withWay<T>(use: (way: PodWay) => Promise<T>, more: Partial<CollectorPodSettings> = {}): Promise<T> {
  const way = await openPodWay(laboratory, more);
  try {
    return await use(way);
  } finally {
    await way.close();
  }
}

async function read(access: NodeAccess, script: string): Promise<{ end: NodeCommandEnd; text: string }> {
  const chunks: Buffer[] = [];
  const end = await access.run({ name: 'lab', script }, { chunk: (bytes) => void chunks.push(bytes) });
  return { end, text: Buffer.concat(chunks).toString() };
}

/** The reason and the words of a refusal; the cluster has nothing of the case afterwards. */
async function refusalOf(more: Partial<CollectorPodSettings>): Promise<{ reason: string; message: string }> {
  return await withWay(async (way) => {
    const refused = await way.open(node).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ExhibitError);
    const { code, subject = '', message } = refused as ExhibitError;
    expect(code).toBe('NODE_ACCESS_REFUSED');
    expect((await leftOf(laboratory, way.caseToken)).filter((name) => name.startsWith('pod/'))).toEqual([]);
    return { reason: subject, message };
  }, more);
}

async function apply(manifest: object): Promise<void> {
  const { execa } = await import('execa');
  await execa(
    laboratory.settings['LAB_KUBECTL'] ?? 'kubectl',
    ['--kubeconfig', laboratory.kubeconfig, 'apply', '-f', '-'],
    { input: JSON.stringify(manifest) },
  );
}

const namespaceOf = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

describe('the whole life of a collector pod', () => {
  it('reads the node, harms nothing, and is gone', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      expect(access.facts).toMatchObject({
        rung: 'collector-pod',
        vantage: 'live-kernel',
        root: '/host',
        processes: true,
      });
      expect(access.facts.capabilities).toEqual(
        expect.arrayContaining(['dac_read_search', 'net_admin', 'sys_admin', 'sys_ptrace']),
      );
      for (const tool of [
        'tar',
        'find',
        'stat',
        'sha256sum',
        'getfattr',
        'nsenter',
        'ss',
        'nft',
        'conntrack',
        'bpftool',
      ])
        expect(access.facts.tools, tool).toHaveProperty(tool);
      // The node's own files, and its processes by the node's numbers.
      const { text } = await read(
        access,
        'cat "$ROOT/var/log/rest.log"; for p in "$PROC"/[0-9]*; do readlink "$p/exe"; done 2>/dev/null | grep -m 1 /containerd$',
      );
      expect(text).toContain('of a log at rest');
      expect(text.trimEnd().split('\n').at(-1)).toMatch(/\/containerd$/);
      // No token, no network of the host, nothing of the node writable.
      const inside = await read(
        access,
        'ls /var/run/secrets 2>&1; ls "$ROOT/run/containerd" >/dev/null && echo seen; for f in var/log dev/shm var/lib/kubelet; do ( : > "$ROOT/$f/x" ) 2>&1; done',
      );
      expect(inside.text).toContain('No such file');
      expect(inside.text).toContain('seen');
      expect(inside.text.match(/Read-only file system/g)).toHaveLength(3);
      expect(access.facts.degraded.filter(({ reason }) => reason === 'host-writable')).toEqual([]);
      await access.close();
      expect(way.entries.at(-1)).toMatchObject({ kind: 'remove-pods', outcome: 'proven-gone' });
      await way.rung.close?.();
      expect(await leftOf(laboratory, way.caseToken)).toEqual([]);
      const footprint = way.entries.find(({ kind }) => kind === 'collector-pod-runs');
      expect(footprint).toMatchObject({ after: { pids: expect.arrayContaining([expect.any(Number)]) as number[] } });
    });
  });

  it('carries 100 MiB with one digest at both ends', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      const hash = createHash('sha256');
      const end = await access.run(
        { name: 'zeros', script: 'head -c 104857600 /dev/zero' },
        { chunk: (bytes) => void hash.update(bytes) },
      );
      expect(end).toMatchObject({ end: 'complete', sizeBytes: 104_857_600 });
      expect(end.farSha256).toBe(hash.digest('hex'));
      await access.close();
    });
  });

  it('runs on a cordoned node whose every taint says no', async () => {
    await kubectl(laboratory, ['cordon', node]);
    await kubectl(laboratory, [
      'taint',
      'node',
      node,
      'exhibit.test/out=now:NoExecute',
      'exhibit.test/no=way:NoSchedule',
    ]);
    try {
      await withWay(async (way) => {
        const access = await way.open(node);
        expect((await read(access, 'echo here')).text).toBe('here\n');
        await access.close();
      });
    } finally {
      await kubectl(laboratory, ['taint', 'node', node, 'exhibit.test/out-', 'exhibit.test/no-']);
      await kubectl(laboratory, ['uncordon', node]);
    }
  });
});

describe('what stands in the way is said in the words of the cluster', () => {
  const names = ['exhibit-lab-restricted', 'exhibit-lab-quota', 'exhibit-lab-range'];
  beforeAll(async () => {
    await apply(namespaceOf('exhibit-lab-restricted', { 'pod-security.kubernetes.io/enforce': 'restricted' }));
    await apply(namespaceOf('exhibit-lab-quota'));
    await apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: 'exhibit-lab-quota' },
      spec: { hard: { pods: '0' } },
    });
    await apply(namespaceOf('exhibit-lab-range'));
    const limit = { type: 'Container', max: { memory: '64Mi' } };
    await apply({
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'small', namespace: 'exhibit-lab-range' },
      spec: { limits: [limit] },
    });
  });
  afterAll(async () => {
    await deleteNamespaces(laboratory, ...names);
  });

  it.each([
    ['pod-security', 'exhibit-lab-restricted', 'violates PodSecurity "restricted:latest"'],
    ['quota', 'exhibit-lab-quota', 'exceeded quota: none'],
    ['limit-range', 'exhibit-lab-range', 'maximum memory usage per Container is 64Mi'],
  ])('%s', async (reason, namespace, words) => {
    const refusal = await refusalOf({ namespace });
    expect(refusal.reason).toBe(reason);
    expect(refusal.message).toContain(words);
  });

  it.runIf(process.env['LAB_EXTERNAL'] !== '1')('a webhook that puts a container beside ours', async () => {
    const namespace = 'exhibit-lab-mutated';
    await apply(namespaceOf(namespace, { 'pod-security.kubernetes.io/enforce': 'privileged' }));
    const address = new URL(laboratory.settings['LAB_SERVER'] ?? '').hostname;
    const sidecar = { name: 'sidecar', image: 'test.local/box:1', imagePullPolicy: 'Never' };
    const webhook = await startMutatingWebhook(address, {
      namespace,
      patch: [{ op: 'add', path: '/spec/containers/-', value: sidecar }],
    });
    try {
      await apply(webhook.manifest);
      // The API server learns of a webhook a moment after it was registered.
      await expect
        .poll(async () => (await refusalOf({ namespace }).catch(() => ({ reason: 'opened' }))).reason, {
          timeout: 60_000,
        })
        .toBe('changed-pod');
      expect((await refusalOf({ namespace })).message).toContain(
        'spec.containers[1]: sent nothing, found {"name":"sidecar"',
      );
    } finally {
      await kubectl(laboratory, ['delete', 'mutatingwebhookconfiguration', 'exhibit-lab-sidecar']);
      await webhook.close();
      await deleteNamespaces(laboratory, namespace);
    }
  });

  it('an image that is not on the node', async () => {
    const refusal = await refusalOf({ image: `test.local/absent@sha256:${'0'.repeat(64)}` });
    expect(refusal).toMatchObject({ reason: 'image-missing' });
    expect(refusal.message).toContain('ErrImageNeverPull');
  });

  it('a node that is not there', async () => {
    await withWay(async (way) => {
      await expect(way.open('no-such-node')).rejects.toMatchObject({
        code: 'NODE_ACCESS_REFUSED',
        subject: 'node-not-ready',
      });
      expect((await leftOf(laboratory, way.caseToken)).filter((name) => name.startsWith('pod/'))).toEqual([]);
    });
  });
});

describe('a pod that goes while it is read', () => {
  it('cuts the stream and is missed', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      const { namespace = '', pod = '' } = access.facts.transport ?? {};
      let began: () => void = () => undefined;
      const begun = new Promise<void>((resolve) => (began = resolve));
      const reading = access.run(
        { name: 'endless', script: 'while :; do echo line; sleep 0.05; done' },
        {
          chunk: () => {
            began();
          },
        },
      );
      await begun;
      await kubectl(laboratory, ['-n', namespace, 'delete', 'pod', pod, '--grace-period=1', '--wait=false']);
      const end = await reading;
      expect(end.end).toBe('cut');
      expect(end.endDetail).toMatch(/collector pod (was|is being) deleted|container of the collector pod ended/);
      await expect(read(access, ':')).rejects.toMatchObject({ code: 'NODE_ACCESS_LOST' });
      await access.close();
    });
  });

  it('is told from memory that ran out', async () => {
    await withWay(async (way) => {
      const access = await way.open(node);
      // The scratch folder counts as memory of the pod; so does what a shell holds.
      const { end } = await read(access, 'x=$(head -c 400000000 /dev/zero | tr "\\0" x); echo "$x" | wc -c');
      expect(end.end === 'complete' ? end.exitStatus : end.endDetail).not.toBe(0);
      await access.close();
    });
  });
});

let contractWay: PodWay | null = null;
nodeAccessContract('the collector pod on a real kubelet', {
  sameFiles: false,
  open: async () => {
    laboratory = await openLaboratory();
    contractWay = await openPodWay(laboratory);
    return await contractWay.open(laboratory.nodes[0] ?? '');
  },
});
afterAll(async () => {
  await contractWay?.close();
});
