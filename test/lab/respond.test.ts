/** A response on a real cluster: what a recording cannot show is that the suspect is held while it is read, and given back whole. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, deleteNamespaces, kubectl, openLaboratory, type Laboratory } from './laboratory.js';

interface Phase {
  readonly phase: string;
  readonly outcome: string;
  readonly reason: string;
  readonly endedAt: string;
}
interface Responded {
  readonly confirmedAt: string;
  readonly phases: readonly Phase[];
  readonly containment: {
    readonly plan: string;
    readonly verdict: string;
    readonly steps: readonly { readonly name: string; readonly outcome: string }[];
  } | null;
  readonly sealed: { readonly archivePath: string; readonly receiptPath: string } | null;
}
interface Released {
  readonly plans: readonly { readonly comparison: readonly { readonly name: string; readonly state: string }[] }[];
}
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> };
}

const NAMESPACE = `exhibit-respond-${process.pid}`;
let laboratory: Laboratory;
let desk: Desk;
let node: string;
let suspect: string;

const pods = async (selector: string): Promise<readonly Pod[]> => {
  const text = await kubectl(laboratory, ['get', 'pods', '-n', NAMESPACE, '-l', selector, '-o', 'json']);
  return (JSON.parse(text) as { items: Pod[] }).items;
};
const policies = async (): Promise<readonly string[]> => {
  const names = await kubectl(laboratory, ['get', 'networkpolicies', '-n', NAMESPACE, '-o', 'name']);
  return names.split('\n').filter((name) => name !== '');
};

beforeAll(async () => {
  laboratory = await openLaboratory();
  desk = await Desk.open(laboratory.kubeconfig);
  const image = laboratory.settings['LAB_IMAGE'] ?? 'docker.io/library/busybox:1.36';
  await kubectl(laboratory, ['create', 'namespace', NAMESPACE]);
  const create = ['create', 'deployment', 'web', '-n', NAMESPACE, `--image=${image}`, '--', 'sleep', '10000'];
  await kubectl(laboratory, create);
  await kubectl(laboratory, ['rollout', 'status', 'deployment/web', '-n', NAMESPACE, '--timeout=120s']);
  const [pod] = await pods('app=web');
  suspect = pod?.metadata.name ?? '';
  const where = ['get', 'pod', suspect, '-n', NAMESPACE, '-o', 'jsonpath={.spec.nodeName}'];
  node = (await kubectl(laboratory, where)).trim();
});
afterAll(async () => {
  await desk.close();
  await kubectl(laboratory, ['uncordon', node]);
  await deleteNamespaces(laboratory, NAMESPACE);
});

describe('a response on a real API server', () => {
  it('reads, holds and seals, contains the same pod that it read, and gives back what it took', async () => {
    const [before] = await pods('app=web');
    const said = ['--allow-node', node, '--recheck-at', '1,2,4', '--confirm', node];
    const call = ['respond', `node/${node}`, '--suspect', `${NAMESPACE}/${suspect}`, ...said];
    const { result, exitCode, stderr } = await desk.json<Responded>(call);
    // Parts of a real cluster may be unreadable, which are gaps; no phase may fail.
    expect([0, 3], stderr).toContain(exitCode);
    const byPhase = new Map(result.phases.map((phase) => [phase.phase, phase]));
    for (const phase of ['protect', 'volatile', 'contain', 'seal'])
      expect(byPhase.get(phase), stderr).toMatchObject({ outcome: 'done' });
    expect(result.containment?.steps.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    // Nothing in the laboratory enforces a policy.
    expect(result.containment?.verdict).toBe('unverified');
    const [held] = (await pods('kubexhibit.dev/quarantine')).map(({ metadata }) => metadata.uid);
    expect(held).toBe(before?.metadata.uid);
    expect(await policies()).toHaveLength(1);

    const { archivePath = '', receiptPath = '' } = result.sealed ?? {};
    const verified = await desk.exhibit(['verify', archivePath, '--receipt', receiptPath]);
    expect(verified.exitCode, verified.stderr).toBe(0);

    const back = await desk.json<Released>(['release', '--yes']);
    expect(back.exitCode, back.stderr).toBe(0);
    const differing = back.result.plans[0]?.comparison.filter(({ state }) => state !== 'as-before') ?? [];
    expect(differing.map(({ name }) => name)).toEqual(['detach']);
    expect(await policies()).toEqual([]);
  });
});
