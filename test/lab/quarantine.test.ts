/** What the API server lets be changed of a pod that runs, and what its controllers do then: no recording can tell. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, kubectl, openLaboratory, type Laboratory } from './laboratory.js';

interface Contained {
  readonly plan: string;
  readonly verdict: string;
  readonly steps: readonly { readonly name: string; readonly outcome: string; readonly detail: string }[];
}
interface Released {
  readonly plans: readonly {
    readonly remaining: readonly number[];
    readonly comparison: readonly { readonly name: string; readonly state: string }[];
  }[];
}
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly ownerReferences?: unknown;
  };
  readonly spec: { readonly tolerations: readonly { readonly key?: string; readonly tolerationSeconds?: number }[] };
}

const NAMESPACE = `exhibit-quarantine-${process.pid}`;
let laboratory: Laboratory;
let desk: Desk;
let node: string;
let suspect: string;

const read = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await kubectl(laboratory, ['get', ...args, '-o', 'json'])) as T;
const pods = async (selector: string): Promise<readonly Pod[]> =>
  (await read<{ items: Pod[] }>('pods', '-n', NAMESPACE, '-l', selector)).items;

beforeAll(async () => {
  laboratory = await openLaboratory();
  desk = await Desk.open(laboratory.kubeconfig);
  const image = laboratory.settings['LAB_IMAGE'] ?? 'docker.io/library/busybox:1.36';
  await kubectl(laboratory, ['create', 'namespace', NAMESPACE]);
  const command = ['--', 'sleep', '10000'];
  await kubectl(laboratory, ['create', 'deployment', 'web', '-n', NAMESPACE, `--image=${image}`, ...command]);
  await kubectl(laboratory, ['expose', 'deployment', 'web', '-n', NAMESPACE, '--port=80']);
  await kubectl(laboratory, ['rollout', 'status', 'deployment/web', '-n', NAMESPACE, '--timeout=120s']);
  const [pod] = await pods('app=web');
  suspect = pod?.metadata.name ?? '';
  node = (
    await kubectl(laboratory, ['get', 'pod', suspect, '-n', NAMESPACE, '-o', 'jsonpath={.spec.nodeName}'])
  ).trim();
});
afterAll(async () => {
  await desk.close();
  await kubectl(laboratory, ['uncordon', node]);
  await kubectl(laboratory, ['delete', 'namespace', NAMESPACE, '--wait=false']);
});

describe('a quarantine on a real API server', () => {
  // The nodes of the lab share the kernel of the machine that runs the test, and one is the control plane.
  const call = () => [
    ...['quarantine', 'node', node, '--suspect', `${NAMESPACE}/${suspect}`],
    ...['--allow-node', node, '--confirm', node],
  ];

  it('is allowed step by step, detaches the suspect, restarts nothing, and is given back', async () => {
    const before = await read<Pod>('pod', suspect, '-n', NAMESPACE);
    const held = await desk.json<Contained>(call());
    expect(held.exitCode).toBe(0);
    expect(held.result.steps.filter(({ outcome }) => outcome !== 'applied')).toEqual([]);
    const after = await read<Pod>('pod', suspect, '-n', NAMESPACE);
    const lost = after.spec.tolerations.filter(({ key = '' }) => key.startsWith('node.kubernetes.io/'));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.every(({ tolerationSeconds }) => tolerationSeconds === undefined)).toBe(true);
    await expect
      .poll(async () => (await read<Pod>('pod', suspect, '-n', NAMESPACE)).metadata.ownerReferences, {
        timeout: 60_000,
      })
      .toBeUndefined();
    await expect.poll(async () => (await pods('app=web')).length, { timeout: 60_000 }).toBe(1);
    expect((await pods('app=web')).map(({ metadata }) => metadata.name)).not.toContain(suspect);

    const again = await desk.json<Contained>(call());
    expect(new Set(again.result.steps.map(({ outcome }) => outcome))).toEqual(new Set(['held']));

    const back = await desk.json<Released>(['release', '--yes']);
    expect(back.exitCode).toBe(0);
    const differing = back.result.plans[0]?.comparison.filter(({ state }) => state !== 'as-before') ?? [];
    expect(differing.map(({ name }) => name)).toEqual(['detach']);
    const released = await read<Pod>('pod', suspect, '-n', NAMESPACE);
    expect(released.spec.tolerations).toEqual(before.spec.tolerations);
    expect(released.metadata.labels ?? {}).toEqual({});
    expect(await kubectl(laboratory, ['get', 'networkpolicies', '-n', NAMESPACE, '-o', 'name'])).toBe('');
  });
});
