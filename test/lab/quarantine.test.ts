/** What the API server lets be changed of a pod that runs, and what its controllers do then: no recording can tell. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, deleteNamespaces, kubectl, openLaboratory, type Laboratory } from './laboratory.js';

interface Contained {
  readonly plan: string;
  readonly verdict: string;
  readonly steps: readonly { readonly name: string; readonly outcome: string; readonly detail: string }[];
  readonly replacements: readonly { readonly name: string; readonly node: string }[] | null;
}
interface Released {
  readonly plans: readonly {
    readonly remaining: readonly number[];
    readonly warnings: readonly string[];
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

const apply = async (object: object): Promise<void> => {
  const path = join(desk.home, 'object.json');
  await writeFile(path, JSON.stringify(object));
  await kubectl(laboratory, ['apply', '-n', NAMESPACE, '-f', path]);
};
const labelsOf = async (pod: string) => (await read<Pod>('pod', pod, '-n', NAMESPACE)).metadata.labels ?? {};

beforeAll(async () => {
  laboratory = await openLaboratory();
  desk = await Desk.open(laboratory.kubeconfig);
  const image = laboratory.settings['LAB_IMAGE'] ?? 'docker.io/library/busybox:1.36';
  await kubectl(laboratory, ['create', 'namespace', NAMESPACE]);
  const command = ['--', 'sleep', '10000'];
  await kubectl(laboratory, ['create', 'deployment', 'web', '-n', NAMESPACE, `--image=${image}`, ...command]);
  await kubectl(laboratory, ['expose', 'deployment', 'web', '-n', NAMESPACE, '--port=80']);
  await kubectl(laboratory, ['rollout', 'status', 'deployment/web', '-n', NAMESPACE, '--timeout=120s']);
  const policy = { spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] } };
  await apply({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'web-deny' }, ...policy });
  const [pod] = await pods('app=web');
  suspect = pod?.metadata.name ?? '';
  node = (
    await kubectl(laboratory, ['get', 'pod', suspect, '-n', NAMESPACE, '-o', 'jsonpath={.spec.nodeName}'])
  ).trim();
});
afterAll(async () => {
  await desk.close();
  await kubectl(laboratory, ['uncordon', node]);
  await deleteNamespaces(laboratory, NAMESPACE);
});

describe('a quarantine on a real API server', () => {
  // The nodes of the lab share the kernel of the machine that runs the test, and one is the control plane.
  const call = () => [
    ...['quarantine', 'node', node, '--suspect', `${NAMESPACE}/${suspect}`],
    ...['--allow-node', node, '--confirm', node, '--recheck-at', 'none'],
  ];

  const policies = async (): Promise<readonly string[]> =>
    (await read<{ items: Pod[] }>('networkpolicies', '-n', NAMESPACE)).items.map(({ metadata }) => metadata.name);

  it('is allowed step by step, detaches the suspect, restarts nothing, and is given back', async () => {
    const before = await read<Pod>('pod', suspect, '-n', NAMESPACE);
    const held = await desk.json<Contained>(call());
    expect(held.exitCode, held.stderr).toBe(0);
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
    const [replacement] = (await pods('app=web')).map(({ metadata }) => metadata.name);
    expect(replacement).not.toBe(suspect);
    expect(held.result.replacements).toEqual([expect.objectContaining({ name: replacement })]);

    const again = await desk.json<Contained>(call());
    expect(new Set(again.result.steps.map(({ outcome }) => outcome))).toEqual(new Set(['held']));

    const back = await desk.json<Released>(['release', '--yes']);
    expect(back.exitCode).toBe(0);
    const differing = back.result.plans[0]?.comparison.filter(({ state }) => state !== 'as-before') ?? [];
    expect(differing.map(({ name }) => name)).toEqual(['detach']);
    const released = await read<Pod>('pod', suspect, '-n', NAMESPACE);
    expect(released.spec.tolerations).toEqual(before.spec.tolerations);
    expect(released.metadata.labels ?? {}).toEqual({});
    expect(await policies()).toEqual(['web-deny']);
    const name = `pods ${NAMESPACE}/${suspect}`;
    expect(back.result.plans[0]?.warnings).toEqual([
      expect.stringContaining(`${name}: policy web-deny does not select it`),
      expect.stringContaining(`${name}: no policy restricts its ingress`),
    ]);
  });

  it('puts its label on a suspect that bears the same key, and has the pod as it was afterwards', async () => {
    const image = laboratory.settings['LAB_IMAGE'] ?? 'docker.io/library/busybox:1.36';
    const labels = { 'app': 'sly', 'kubexhibit.dev/quarantine': 'x' };
    const containers = [{ name: 'sly', image, command: ['sleep', '10000'], imagePullPolicy: 'IfNotPresent' }];
    const spec = { nodeName: node, terminationGracePeriodSeconds: 0, containers };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'sly', labels }, spec });
    const service = { selector: { 'kubexhibit.dev/quarantine': 'x' }, ports: [{ port: 80 }] };
    await apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'sly' }, spec: service });
    await kubectl(laboratory, ['wait', '--for=condition=Ready', 'pod/sly', '-n', NAMESPACE, '--timeout=60s']);
    const pod = `${NAMESPACE}/sly`;
    const podCall = ['quarantine', 'pod', pod, '--allow-node', node, '--confirm', pod, '--recheck-at', 'none'];
    const held = await desk.json<Contained>(podCall);
    expect(held.exitCode, held.stderr).toBe(0);
    expect(held.result.steps.every(({ outcome }) => outcome === 'applied')).toBe(true);
    const label = (await labelsOf('sly'))['kubexhibit.dev/quarantine'];
    const [ours] = (await policies()).filter((one) => one !== 'web-deny');
    const selector = [
      'get',
      'networkpolicy',
      ours ?? '',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.podSelector.matchLabels}',
    ];
    expect(JSON.parse(await kubectl(laboratory, selector))).toEqual({ 'kubexhibit.dev/quarantine': label });
    expect(label).not.toBe('x');

    // Nothing was collected into it, which is a gap of the exhibit and none of the containment.
    const sealed = await desk.exhibit(['seal', '--yes']);
    expect(sealed.exitCode, sealed.stderr).toBe(3);
    const refused = await desk.exhibit(['case', 'close', '--yes']);
    expect(refused.exitCode).toBe(40);
    expect(refused.stderr).toContain('a containment of the case is still there');

    const back = await desk.json<Released>(['release', '--yes', '--readopt']);
    expect(back.exitCode, back.stderr).toBe(0);
    expect(back.stderr).toContain('may have a pod too many and delete it');
    expect(await labelsOf('sly')).toEqual(labels);
    expect(await policies()).toEqual(['web-deny']);
  });
});
