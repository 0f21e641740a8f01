import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakePodCluster } from '../../../test/fakes/fake-pod-cluster.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { ActionEffect } from '../../ports/action-record.js';
import type { ClusterExec, ExecEnd } from '../../ports/cluster-exec.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { startProcess } from '../start-process.js';
import { collectorPodRung } from './collector-pod.js';

const IMAGE = `registry.example/collector@sha256:${'a'.repeat(64)}`;
const settings = {
  image: IMAGE,
  imagePresent: false,
  pullSecrets: [],
  namespace: 'exhibit-collector',
  deadlineSeconds: 600,
};
const node = { name: 'node1', uid: 'n1', machineId: '', ready: true };
const signal = new AbortController().signal;

let folder: string;
let cluster: FakePodCluster;
let execs: { namespace: string; pod: string; container: string }[];
/** What happens instead of an exec that runs to its end. */
let fault: ((stdout: (chunk: Buffer) => void | Promise<void>) => Promise<ExecEnd>) | null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exhibit-pod-'));
  // What settles the mounts of a pod must not touch those of the machine that tests it.
  await writeFile(join(folder, 'mount'), '#!/bin/sh\nexit 0\n');
  await chmod(join(folder, 'mount'), 0o755);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  cluster = new FakePodCluster();
  execs = [];
  fault = null;
});

const end = (more: Partial<ExecEnd>): ExecEnd => ({
  end: 'complete',
  detail: 'status frame: Success',
  status: { success: true, reason: '', message: '' },
  exitCode: 0,
  auditId: 'audit-exec',
  stdoutBytes: 0,
  stderrBytes: 0,
  firstByteAt: null,
  lastByteAt: null,
  ...more,
});

/** The pod's container is this machine. */
const exec: ClusterExec = {
  exec: async ({ namespace, pod, container, argv, stdin, stdout, stderr, signal: ended }) => {
    execs.push({ namespace, pod, container });
    if (fault !== null) return await fault(stdout);
    const [file = 'sh', ...args] = argv;
    const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin` };
    await startProcess(
      { file, args, env },
      { argv, stdin, stdout, stderr: (chunk) => void stderr(chunk), signal: ended ?? signal },
    );
    return end({});
  },
  close: () => undefined,
};

const rungOf = (more: Partial<typeof settings> = {}) =>
  collectorPodRung({
    clock: cluster.clock,
    actuator: cluster.actuator,
    reader: cluster.reader,
    record: cluster.record,
    ...(cluster.pause === null ? {} : { pause: cluster.pause }),
    exec,
    ids: systemIds,
    caseToken: 'k7m2p9',
    settings: { ...settings, ...more },
  });

async function refusalOf(opening: Promise<NodeAccess>): Promise<{ reason: string | null; message: string }> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof ExhibitError && error.code === 'NODE_ACCESS_REFUSED')
      return { reason: error.subject ?? null, message: error.message };
    throw error;
  }
  throw new Error('it was opened');
}

const kinds = (): string[] =>
  cluster.entries.map((entry) => `${'outcome' in entry ? entry.outcome : 'planned'} ${entry.kind}`);

async function read(access: NodeAccess, script: string) {
  const chunks: Buffer[] = [];
  const ended = await access.run({ name: 'test', script }, { chunk: (bytes) => void chunks.push(bytes) });
  return { ended, text: Buffer.concat(chunks).toString() };
}

describe('a collector pod', () => {
  it('is made on record, used, and gone with its namespace afterwards', async () => {
    const rung = rungOf();
    const access = await rung.open(node, signal);
    const [pod] = cluster.pods;
    expect(pod?.metadata).toMatchObject({
      namespace: 'exhibit-collector-k7m2p9',
      labels: { 'kubexhibit.dev/case': 'k7m2p9' },
    });
    expect(access.facts).toMatchObject({
      rung: 'collector-pod',
      vantage: 'live-kernel',
      root: '/host',
      transport: { podUid: pod?.metadata.uid, containerId: 'containerd://c1', imageId: IMAGE },
    });
    const { ended, text } = await read(access, 'printf "%s %s" "$ROOT" "$PROC"');
    expect({ end: ended.end, auditId: ended.auditId, text }).toEqual({
      end: 'complete',
      auditId: 'audit-exec',
      text: '/host /proc',
    });
    expect(execs.every(({ pod: name, container }) => name === pod?.metadata.name && container === 'collector')).toBe(
      true,
    );
    await access.close();
    await rung.close?.();
    expect(cluster.objects.size).toBe(0);
    expect(kinds()).toEqual([
      'planned create-namespace',
      'done create-namespace',
      'planned create-collector-pod',
      'done create-collector-pod',
      'done collector-pod-runs',
      'planned remove-pods',
      'proven-gone remove-pods',
      'planned remove-namespaces',
      'proven-gone remove-namespaces',
    ]);
  });

  it('runs in a namespace that is there already, and leaves it there', async () => {
    cluster.put({ group: '', version: 'v1', resource: 'namespaces', namespace: null, name: 'exhibit-collector' }, {});
    const rung = rungOf();
    const access = await rung.open(node, signal);
    expect(cluster.pods[0]?.metadata['namespace']).toBe('exhibit-collector');
    await access.close();
    await rung.close?.();
    expect([...cluster.objects.keys()]).toEqual(['namespaces//exhibit-collector']);
  });

  it('is refused and removed where the kernel that answers is not that of the Node object', async () => {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
    const rung = rungOf();
    const elsewhere = { ...node, machineId: 'f'.repeat(32), bootId: '00000000-0000-0000-0000-000000000000' };
    expect(await refusalOf(rung.open(elsewhere, signal))).toMatchObject({ reason: 'node-differs' });
    expect(cluster.pods).toEqual([]);
    // A kubelet in a container: another machine id, the same kernel.
    await (await rung.open({ ...elsewhere, bootId }, signal)).close();
    await rung.close?.();
    expect(cluster.objects.size).toBe(0);
  });

  it('serves several nodes from one namespace', async () => {
    const rung = rungOf();
    const opened = await Promise.all(['node1', 'node2', 'node3'].map((name) => rung.open({ ...node, name }, signal)));
    expect(cluster.pods.map((pod) => (pod['spec'] as { nodeName: string }).nodeName).toSorted()).toEqual([
      'node1',
      'node2',
      'node3',
    ]);
    expect(kinds().filter((kind) => kind === 'planned create-namespace')).toHaveLength(1);
    for (const access of opened) await access.close();
    await rung.close?.();
    expect(cluster.objects.size).toBe(0);
  });
});

describe('a namespace that an earlier run of the case left', () => {
  const name = 'exhibit-collector-k7m2p9';
  const OURS = { group: '', version: 'v1', resource: 'namespaces', namespace: null, name };
  const used = async () => {
    const rung = rungOf();
    const access = await rung.open(node, signal);
    return async () => {
      await access.close();
      await rung.close?.();
    };
  };
  beforeEach(() => {
    cluster.put(OURS, { metadata: { labels: { 'kubexhibit.dev/case': 'k7m2p9' } } });
  });

  it('is adopted on record before it is used, and removed', async () => {
    const leave = await used();
    expect(cluster.entries[0]).toMatchObject({
      kind: 'adopt-namespace',
      subject: 'namespaces exhibit-collector-k7m2p9',
      before: { uid: 'uid-1' },
      undo: 'kubectl delete namespace exhibit-collector-k7m2p9',
    });
    await leave();
    expect(cluster.objects.size).toBe(0);
  });

  it('stays while a run of a copy of the case has pods in it, whichever made it', async () => {
    const endFirst = await used();
    const endSecond = await used();
    await endFirst();
    expect([...cluster.objects.keys()]).toContain('namespaces//exhibit-collector-k7m2p9');
    expect(cluster.entries.at(-1)).toMatchObject({ kind: 'remove-namespaces', outcome: 'left-behind' });
    await endSecond();
    expect(cluster.objects.size).toBe(0);
  });

  it('goes with pods that came to their end', async () => {
    const old = { group: '', version: 'v1', resource: 'pods', namespace: name, name: 'exhibit-k7m2p9-old' };
    cluster.put(old, { metadata: { namespace: name }, status: { phase: 'Failed' } });
    await (
      await used()
    )();
    expect([...cluster.objects.keys()]).not.toContain('namespaces//exhibit-collector-k7m2p9');
  });

  it('stays when its pods may not be listed; one of our own making goes', async () => {
    cluster.mayListPods = false;
    await (
      await used()
    )();
    expect([...cluster.objects.keys()]).toEqual(['namespaces//exhibit-collector-k7m2p9']);
    cluster.objects.clear();
    await (
      await used()
    )();
    expect(cluster.objects.size).toBe(0);
  });
});

describe('a removal', () => {
  it('is made although the record cannot be written', async () => {
    const rung = rungOf();
    const access = await rung.open(node, signal);
    Object.assign(cluster.record, {
      action: () => Promise.reject(new Error('no room')),
      effect: () => Promise.reject(new Error('no room')),
    });
    await access.close();
    await rung.close?.();
    expect(cluster.objects.size).toBe(0);
  });
});

describe('a pod that does not come to be', () => {
  it.each([
    [
      'pod-security',
      'admission',
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostPID=true)',
    ],
    [
      'quota',
      'admission',
      'pods "x" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0',
    ],
    [
      'limit-range',
      'admission',
      'pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 256Mi',
    ],
    ['admission', 'admission', 'admission webhook "policy.example" denied the request: no hostPath'],
    ['forbidden', 'forbidden', 'pods is forbidden: User "u" cannot create resource "pods"'],
  ] as const)('is refused as %s with the words of the server', async (reason, kind, message) => {
    cluster.admit = () => cluster.refusal(kind, 403, message);
    const rung = rungOf();
    expect(await refusalOf(rung.open(node, signal))).toEqual({ reason, message });
    await rung.close?.();
    expect(cluster.objects.size).toBe(0);
    expect(execs).toEqual([]);
  });

  it('is made although the answer was lost, when it is found there', async () => {
    cluster.loseCreate = true;
    const access = await rungOf().open(node, signal);
    await access.close();
    expect(cluster.pods).toEqual([]);
  });

  it('is removed when it is stored long after its answer was lost, by an interrupted run too', async () => {
    cluster.loseCreate = true;
    cluster.storedAfterLooks = 60;
    cluster.skipTime();
    const interrupted = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    cluster.onCreate = (given) => {
      signals.push(given);
      if (signals.length === 2) interrupted.abort(new Error('Ctrl-C'));
    };
    await expect(rungOf().open(node, interrupted.signal)).rejects.toThrow('Ctrl-C');
    expect(signals).toEqual([undefined, undefined]);
    expect(cluster.storedAfterLooks).toBe(0);
    expect(cluster.pods).toEqual([]);
    expect(kinds()).toContain('proven-gone remove-pods');
  });

  it('is looked for again when it cannot be read back at first', async () => {
    cluster.loseCreate = true;
    cluster.failingLooks = 20;
    cluster.skipTime();
    await (await rungOf().open(node, signal)).close();
    expect(cluster.pods).toEqual([]);
    expect(kinds()).toContain('done create-collector-pod');
  });

  it('is said to be unknown, with what removes it, when it never can be read back or never shows up', async () => {
    for (const looks of ['failingLooks', 'storedAfterLooks'] as const) {
      cluster = new FakePodCluster();
      cluster.loseCreate = true;
      cluster[looks] = 100_000;
      cluster.skipTime();
      expect((await refusalOf(rungOf().open(node, signal))).reason).toBe('unknown');
      const effect = cluster.entries.at(-1) as ActionEffect;
      expect(effect).toMatchObject({ kind: 'create-collector-pod', outcome: 'unknown' });
      expect(effect.detail).toContain('exhibit cleanup removes it');
      expect(effect.detail).toContain(
        looks === 'failingLooks' ? 'connection refused' : 'nothing showed up within 35 s',
      );
    }
  });

  it('is on record as refused when nothing was sent', async () => {
    const { create } = cluster.actuator;
    Object.assign(cluster.actuator, {
      create: async (...args: Parameters<typeof create>) => {
        if (args[0].resource === 'pods') throw new ExhibitError('CLUSTER_UNREACHABLE', 'no route');
        return await create(...args);
      },
    });
    await expect(rungOf().open(node, signal)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(cluster.entries.at(-1)).toMatchObject({ outcome: 'refused', detail: 'nothing was sent: no route' });
  });

  it.each([
    ['node-not-ready', 'the node is not ready: NodeStatusUnknown', false],
    ['not-started', 'the kubelet said nothing about the pod', true],
    ['mount-refused', 'FailedMount: no such folder', true],
  ])('ends as %s when its time is over', async (reason, words, ready) => {
    cluster.nodeReady = ready;
    if (reason === 'mount-refused') cluster.events.push({ reason: 'FailedMount', message: 'no such folder' });
    cluster.status = () => ({ phase: 'Pending' });
    let nowUs = 0;
    // Each look at the clock is five seconds later.
    cluster.clock = { ...systemClock, monoUs: () => (nowUs += 5_000_000) };
    const refusal = await refusalOf(rungOf().open(node, signal));
    expect(refusal.reason).toBe(reason);
    expect(refusal.message).toContain(words);
    expect(refusal.message).toContain('after 20 s');
    expect(cluster.pods).toEqual([]);
  });

  it('waits for the account that a new namespace gets', async () => {
    let calls = 0;
    cluster.admit = (pod) => {
      calls += 1;
      return calls < 3
        ? cluster.refusal(
            'admission',
            403,
            'error looking up service account x/default: serviceaccount "default" not found',
          )
        : pod;
    };
    await (await rungOf().open(node, signal)).close();
    expect(calls).toBe(3);
  });
});

describe('a pod that is not what was asked for', () => {
  it.each<[string, string, () => void]>([
    [
      'changed-pod',
      'sidecar',
      () =>
        (cluster.admit = (pod) => {
          (pod['spec'] as { containers: unknown[] }).containers.push({ name: 'sidecar' });
          return pod;
        }),
    ],
    [
      'image-differs',
      'sha256:bbbb',
      () =>
        (cluster.status = () => ({
          phase: 'Running',
          containerStatuses: [{ name: 'collector', state: { running: {} }, imageID: `x@sha256:${'b'.repeat(64)}` }],
        })),
    ],
    [
      'image-missing',
      'ErrImagePull',
      () =>
        (cluster.status = () => ({
          phase: 'Pending',
          containerStatuses: [
            { name: 'collector', state: { waiting: { reason: 'ErrImagePull', message: 'no such host' } } },
          ],
        })),
    ],
    ['node-full', 'OutOfmemory', () => (cluster.status = () => ({ phase: 'Failed', reason: 'OutOfmemory' }))],
  ])('ends this way as %s before a byte is read, and is removed', async (reason, words, arrange) => {
    arrange();
    const refusal = await refusalOf(rungOf().open(node, signal));
    expect(refusal.reason).toBe(reason);
    expect(refusal.message).toContain(words);
    expect(execs).toEqual([]);
    expect(cluster.pods).toEqual([]);
    expect(kinds()).toContain('proven-gone remove-pods');
  });

  it('is changed too when somebody attached a container while it started', async () => {
    const { status } = cluster;
    cluster.status = (pod) => {
      const stored = cluster.pods[0]?.['spec'] as Record<string, unknown>;
      stored['ephemeralContainers'] = [{ name: 'debugger' }];
      return status(pod);
    };
    // The change is there from the second look on.
    let looks = 0;
    const later = cluster.status;
    cluster.status = (pod) => {
      looks += 1;
      if (looks === 1) {
        later(pod);
        return { phase: 'Pending' };
      }
      return later(pod);
    };
    expect((await refusalOf(rungOf().open(node, signal))).reason).toBe('changed-pod');
    expect(execs).toEqual([]);
  });

  it('is removed when the run is interrupted while it starts', async () => {
    const interrupted = new AbortController();
    cluster.status = () => {
      interrupted.abort(new Error('Ctrl-C'));
      return { phase: 'Pending' };
    };
    await expect(rungOf().open(node, interrupted.signal)).rejects.toThrow();
    expect(cluster.pods).toEqual([]);
  });
});

describe('a pod that goes while it is read', () => {
  it('cuts the stream, and says what became of it', async () => {
    const access = await rungOf().open(node, signal);
    fault = async (stdout) => {
      await stdout(Buffer.from('part'));
      cluster.status = () => ({ phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' });
      return end({
        end: 'cut',
        detail: 'connection ended without a status frame (1006)',
        status: null,
        exitCode: null,
      });
    };
    const { ended } = await read(access, 'cat /dev/zero');
    expect(ended).toMatchObject({ end: 'cut', sizeBytes: 4 });
    expect(ended.endDetail).toContain('connection ended without a status frame (1006)');
    expect(ended.endDetail).toContain('the collector pod ended: Evicted (the node was low on memory)');
  });

  it('is lost when it was deleted before a byte came', async () => {
    const access = await rungOf().open(node, signal);
    cluster.objects.clear();
    fault = () => Promise.reject(new ExhibitError('TARGET_GONE', 'pods "x" not found'));
    await expect(read(access, ':')).rejects.toMatchObject({
      code: 'NODE_ACCESS_LOST',
      message: 'the collector pod was deleted',
    });
  });

  it("gives the consumer's own error back", async () => {
    const access = await rungOf().open(node, signal);
    const own = new ExhibitError('STORAGE_FULL', 'no room');
    const running = access.run({ name: 'x', script: 'echo x' }, { chunk: () => Promise.reject(own) });
    await expect(running).rejects.toBe(own);
    await access.close();
  });

  it('is said to be left behind when it cannot be removed', async () => {
    const rung = rungOf();
    const access = await rung.open(node, signal);
    const { actuator } = cluster;
    Object.assign(actuator, {
      delete: () =>
        Promise.resolve({
          outcome: 'refused',
          auditId: 'a',
          refusal: cluster.refusal('forbidden', 403, 'cannot delete'),
        }),
    });
    await access.close();
    expect(cluster.entries.at(-1)).toMatchObject({ kind: 'remove-pods', outcome: 'left-behind' });
  });

  it('of its namespace is not waited for while the pod stays, as on a node that is dead', async () => {
    cluster.skipTime();
    const rung = rungOf();
    const access = await rung.open(node, signal);
    Object.assign(cluster.actuator, {
      delete: () => Promise.resolve({ outcome: 'done', auditId: 'a', object: {} }),
    });
    await access.close();
    expect(cluster.entries.at(-1)).toMatchObject({ detail: expect.stringMatching(/^still there 60 s/) as string });
    await rung.close?.();
    expect(cluster.entries.at(-1)).toMatchObject({
      kind: 'remove-namespaces',
      outcome: 'left-behind',
      detail: expect.stringMatching(/^still there 2 s/) as string,
    });
  });
});
