import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import type { ActionEffect, PlannedAction } from '../ports/action-record.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import type { ClusterReader, ListRequest } from '../ports/cluster-reader.js';
import { cleanup, verifyCleanup } from './cleanup.js';
import type { HeldObjects } from './find-held.js';
import type { LeftOnNodes } from './left-on-nodes.js';

interface Stored {
  readonly path: string;
  readonly name: string;
  readonly caseToken: string;
  readonly managedBy?: string;
}

/** A cluster of labelled objects: lists by label (or everything, when the selector is `ignored`), deletes by name; lists of `forbidden` are refused. */
function clusterOf(
  objects: Stored[],
  forbidden: readonly string[] = [],
  kept: readonly string[] = [],
  ignored = false,
) {
  const deleted: string[] = [];
  const entries: (PlannedAction | ActionEffect)[] = [];
  const reader = {
    facts: { server: 'https://cluster.example' },
    list: async ({ path, query = [] }: ListRequest, onPage: (page: { items: unknown[] }) => Promise<void>) => {
      if (forbidden.some((resource) => path.endsWith(`/${resource}`))) return { complete: false, reason: 'forbidden' };
      const selector = query.find(([name]) => name === 'labelSelector')?.[1] ?? '';
      const items = objects
        .filter((one) => one.path === path)
        .filter(
          ({ caseToken }) => ignored || !selector.includes('=') || selector === `kubexhibit.dev/case=${caseToken}`,
        )
        .map(({ name, caseToken, managedBy = 'exhibit' }) => {
          const ofCase = caseToken === '' ? {} : { 'kubexhibit.dev/case': caseToken };
          const labels = { ...ofCase, 'app.kubernetes.io/managed-by': managedBy };
          return { metadata: { name, namespace: 'ns', uid: `uid-${name}`, labels } };
        });
      await onPage({ items });
      return { complete: true, reason: null };
    },
  } as unknown as ClusterReader;
  const actuator = {
    delete: ({ name }: { name: string }, { uid }: { uid: string }) => {
      deleted.push(`${name} ${uid}`);
      if (kept.includes(name))
        return Promise.resolve({ outcome: 'refused', auditId: 'a', refusal: { kind: 'forbidden', message: 'no' } });
      objects.splice(
        objects.findIndex((one) => one.name === name),
        1,
      );
      return Promise.resolve({ outcome: 'done', auditId: 'a' } as ActuateAnswer);
    },
  } as unknown as ClusterActuator;
  const record = {
    action: (action: PlannedAction) => Promise.resolve(void entries.push(action)),
    effect: (effect: ActionEffect) => Promise.resolve(void entries.push(effect)),
  };
  const mounted: string[] = [];
  const mounts = {
    leftMounts: () => Promise.resolve([...mounted]),
    unmountLeftovers: () => Promise.resolve(mounted.splice(0)),
  };
  const onNodes: LeftOnNodes = { files: [], unread: [] };
  const journals: HeldObjects = { held: [], unread: [] };
  const { signal } = new AbortController();
  const deps = { reader, actuator, mounts, onNodes, journals, record, clock: systemClock, signal };
  return { deps, deleted, entries, mounted };
}

const POD = { path: '/api/v1/pods', name: 'exhibit-abc-1', caseToken: 'abc' };
const NAMESPACE = { path: '/api/v1/namespaces', name: 'exhibit-collector-abc', caseToken: 'abc' };
const OTHER = { path: '/api/v1/pods', name: 'exhibit-xyz-2', caseToken: 'xyz' };

describe('what is left of a case in a cluster', () => {
  it('is nothing only when every list was read', async () => {
    expect(await verifyCleanup({ caseToken: 'abc' }, clusterOf([OTHER]).deps)).toMatchObject({
      verdict: 'nothing-left',
    });
    const { deps } = clusterOf([], ['clusterroles']);
    expect(await verifyCleanup({ caseToken: 'abc' }, deps)).toMatchObject({
      verdict: 'unproven',
      unread: [{ resource: 'clusterroles', reason: 'forbidden' }],
    });
  });

  it('is found by its label, of one case or of all, and left alone', async () => {
    const { deps, deleted } = clusterOf([POD, NAMESPACE, OTHER]);
    const one = await verifyCleanup({ caseToken: 'abc' }, deps);
    expect(one.verdict).toBe('left');
    expect(one.left.map(({ name }) => name)).toEqual(['exhibit-abc-1', 'exhibit-collector-abc']);
    expect((await verifyCleanup({ caseToken: null }, deps)).left).toHaveLength(3);
    expect(deleted).toEqual([]);
  });

  it('is removed by its uid, on record before and after, pods first', async () => {
    const { deps, deleted, entries } = clusterOf([NAMESPACE, POD, OTHER]);
    const seen = await verifyCleanup({ caseToken: 'abc' }, deps);
    const summary = await cleanup({ caseToken: 'abc' }, seen, deps);
    expect(summary).toMatchObject({ verdict: 'nothing-left', left: [], refused: [] });
    expect(summary.found).toHaveLength(2);
    expect(deleted).toEqual(['exhibit-abc-1 uid-exhibit-abc-1', 'exhibit-collector-abc uid-exhibit-collector-abc']);
    expect(entries.map(({ kind }) => kind)).toEqual([
      'remove-pods',
      'remove-pods',
      'remove-namespaces',
      'remove-namespaces',
    ]);
  });

  it('stays what it is when the cluster keeps it, with the reason', async () => {
    const { deps } = clusterOf([POD, NAMESPACE], [], ['exhibit-abc-1']);
    const seen = await verifyCleanup({ caseToken: 'abc' }, deps);
    expect(await cleanup({ caseToken: 'abc' }, seen, deps)).toMatchObject({
      verdict: 'left',
      left: [{ name: 'exhibit-abc-1' }],
      refused: [{ object: 'pods ns/exhibit-abc-1', message: 'no' }],
    });
  });

  it('is not what merely bears the label: that is foreign, is said, and stays', async () => {
    const foreign = [
      { path: '/api/v1/namespaces', name: 'production', caseToken: 'abc' },
      { path: '/api/v1/namespaces', name: 'production-abc', caseToken: 'abc', managedBy: 'helm' },
      { path: '/api/v1/pods', name: 'exhibit-xyz-1', caseToken: 'abc' },
      { path: '/apis/rbac.authorization.k8s.io/v1/clusterroles', name: 'exhibit-abc-admin', caseToken: 'abc' },
    ];
    for (const caseToken of ['abc', null]) {
      const { deps, deleted } = clusterOf([POD, ...foreign]);
      const seen = await verifyCleanup({ caseToken }, deps);
      const summary = await cleanup({ caseToken }, seen, deps);
      expect(deleted).toEqual(['exhibit-abc-1 uid-exhibit-abc-1']);
      expect(summary).toMatchObject({ verdict: 'nothing-left', left: [] });
      expect(summary.foreign.map(({ name }) => name).toSorted()).toEqual(foreign.map(({ name }) => name).toSorted());
    }
  });

  it('is not what a server lists although it was not asked for', async () => {
    const system = { path: '/api/v1/namespaces', name: 'kube-system', caseToken: '' };
    const { deps } = clusterOf([system, OTHER], [], [], true);
    expect(await verifyCleanup({ caseToken: 'abc' }, deps)).toMatchObject({ found: [], foreign: [] });
    expect((await verifyCleanup({ caseToken: null }, deps)).found.map(({ name }) => name)).toEqual(['exhibit-xyz-2']);
  });
});

describe('what is left elsewhere', () => {
  const file = { node: 'node1', file: '/var/lib/kubelet/checkpoints/checkpoint-a_b-c-1.tar', exhibitId: 'abc-x0001' };

  it('is an image that a dead run left mounted on this machine: it is unmounted, and no cluster is needed', async () => {
    const { deps, mounted } = clusterOf([]);
    mounted.push('/run/exhibit-disks/1-abcdef');
    const alone = { ...deps, reader: null, actuator: null };
    const seen = await verifyCleanup({ caseToken: 'abc' }, alone);
    expect(seen).toMatchObject({ verdict: 'left', server: null, mounts: { left: ['/run/exhibit-disks/1-abcdef'] } });
    expect(await cleanup({ caseToken: 'abc' }, seen, alone)).toMatchObject({
      verdict: 'nothing-left',
      mounts: { found: ['/run/exhibit-disks/1-abcdef'], left: [] },
    });
  });

  it('is an image that cannot be unmounted', async () => {
    const { deps } = clusterOf([]);
    const mounts = { leftMounts: () => Promise.resolve(['/x']), unmountLeftovers: () => Promise.resolve([]) };
    const seen = await verifyCleanup({ caseToken: 'abc' }, { ...deps, mounts });
    expect(await cleanup({ caseToken: 'abc' }, seen, { ...deps, mounts })).toMatchObject({ verdict: 'left' });
  });

  it('is a checkpoint on a node, or a log that cannot be read: nothing is proven', async () => {
    const { deps } = clusterOf([]);
    const named = { ...deps, onNodes: { files: [file], unread: [] } };
    expect(await verifyCleanup({ caseToken: 'abc' }, named)).toMatchObject({ verdict: 'unproven', onNodes: [file] });
    const damaged = { ...deps, onNodes: { files: [], unread: ['abc-x0001'] } };
    expect(await verifyCleanup({ caseToken: 'abc' }, damaged)).toMatchObject({
      verdict: 'unproven',
      unread: [{ resource: 'custody log of abc-x0001', reason: 'damaged' }],
    });
  });
});

describe('what a containment holds', () => {
  it('is named by a clean-up, which takes nothing of it back', async () => {
    const { deps, deleted } = clusterOf([]);
    const held = [{ object: 'nodes worker', by: 'journal', caseToken: 'abc', plan: 'p1' }] as const;
    const contained = { ...deps, journals: { held, unread: [] } };
    const seen = await verifyCleanup({ caseToken: 'abc' }, contained);
    expect(seen).toMatchObject({ verdict: 'held', held });
    expect(await cleanup({ caseToken: 'abc' }, seen, contained)).toMatchObject({ verdict: 'held', held });
    expect(deleted).toEqual([]);
  });

  it('is marked by what the cluster has of a case that was closed with it, too', async () => {
    const { deps } = clusterOf([]);
    const held = [{ object: 'o', by: 'journal', caseToken: 'abc', plan: 'p1', abandoned: true }] as const;
    const pod = { metadata: { name: 'cart', namespace: 'shop', labels: { 'kubexhibit.dev/quarantine': 'abc' } } };
    const list: typeof deps.reader.list = async (request, onPage) => {
      const items = request.path === '/api/v1/pods' ? [pod] : [];
      await onPage({ number: 1, items } as unknown as Parameters<typeof onPage>[0]);
      return { complete: true } as Awaited<ReturnType<typeof deps.reader.list>>;
    };
    const reader = { ...deps.reader, list };
    const seen = await verifyCleanup({ caseToken: 'abc' }, { ...deps, reader, journals: { held, unread: [] } });
    expect(seen.held).toMatchObject([{ object: 'pods shop/cart', by: 'label', abandoned: true }, held[0]]);
  });

  it('is not proven to be nothing by a damaged journal', async () => {
    const { deps } = clusterOf([]);
    const journals = { held: [], unread: [{ resource: 'journal of case abc', reason: 'damaged' }] };
    expect(await verifyCleanup({ caseToken: 'abc' }, { ...deps, journals })).toMatchObject({ verdict: 'unproven' });
  });
});
