import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { NOT_STATED } from '../../model/case.js';
import type { PlanHistory } from '../../plan/plan-history.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { prepareQuarantine } from './prepare-quarantine.js';
import type { QuarantineRequest } from './quarantine-request.js';
import { goneTexts, notInPlanTexts } from './since-planned.js';

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'u-rs', controller: true };
const podOf = (name: string, more: object = {}) => ({
  metadata: {
    ...{ namespace: 'shop', name, uid: `u-${name}`, labels: { app: 'cart' }, ownerReferences: [OWNER] },
    ...more,
  },
  spec: { nodeName: 'worker' },
});
const SELECTOR = { app: 'cart' };
const SERVICE = { metadata: { name: 'cart' }, spec: { selector: SELECTOR } };
const REPLICA_SET = { metadata: { name: 'cart', uid: 'u-rs' }, spec: { selector: { matchLabels: SELECTOR } } };

interface World {
  readonly pods: readonly ReturnType<typeof podOf>[];
  readonly node?: object;
}

function readerOf({ pods, node = { name: 'worker', uid: 'u-node' } }: World): ClusterReader {
  const objects: Record<string, unknown> = {
    '/api/v1/namespaces/kube-system': { metadata: { uid: 'u-cluster' } },
    '/api/v1/nodes/worker': { metadata: node },
    '/apis/apps/v1/namespaces/shop/replicasets/cart': REPLICA_SET,
  };
  for (const pod of pods) objects[`/api/v1/namespaces/shop/pods/${pod.metadata.name}`] = pod;
  const lists: Record<string, readonly unknown[]> = { '/api/v1/pods': pods };
  lists['/api/v1/namespaces/shop/services'] = [SERVICE];
  const answer = (status: number, body: unknown) => ({ status, body: Buffer.from(JSON.stringify(body)) });
  return {
    get: ({ path }: { path: string }) => answer(Object.hasOwn(objects, path) ? 200 : 404, objects[path] ?? {}),
    list: async ({ path }: { path: string }, onPage: (page: object) => Promise<void>) => {
      await onPage({ number: 1, items: lists[path] ?? [] });
      return { complete: true };
    },
    review: () => answer(201, { status: { allowed: true } }),
  } as unknown as ClusterReader;
}

const REQUEST: QuarantineRequest = {
  ...{ target: 'pod', names: ['shop/cart-1'], suspects: [{ by: 'name', namespace: 'shop', name: 'cart-1' }] },
  ...{ skip: [], maxNodes: 1, allowedNodes: [] },
};
const prepare = async (world: World, request: Partial<QuarantineRequest> = {}, earlier: readonly PlanHistory[] = []) =>
  await prepareQuarantine(
    { ...REQUEST, ...request },
    {
      ...{ reader: readerOf(world), actuator: {} as ClusterActuator, signal: new AbortController().signal },
      ...{
        own: { host: 'laptop', bootId: 'boot' },
        clock: systemClock,
        authority: NOT_STATED,
        caseToken: 'k7m2p9',
        plan: 'p1',
        earlier,
      },
    },
  );

describe('a containment that is prepared', () => {
  it('is confirmed by the names of all pods that it is about', async () => {
    const suspects = [...REQUEST.suspects, { by: 'label', key: 'app', value: 'cart' } as const];
    const { confirmWord, target } = await prepare({ pods: [podOf('cart-2'), podOf('cart-1')] }, { suspects });
    expect(confirmWord).toBe('shop/cart-1, shop/cart-2');
    expect(target.name).toBe('pod shop/cart-1, shop/cart-2');
  });

  it.each([
    ['the name', { pods: [podOf('cart 1')] }],
    ['the name', { pods: [podOf('..')] }],
    ['the namespace', { pods: [podOf('cart-1', { namespace: '../shop' })] }],
    ['the UID', { pods: [podOf('cart-1', { uid: '' })] }],
    ['the UID', { pods: [podOf('cart-1')], node: { name: 'worker' } }],
  ])('is refused before there is a plan when %s could never be written to', async (which, world) => {
    const suspects = [{ by: 'label', key: 'app', value: 'cart' } as const];
    const refused = expect(prepare(world, { suspects })).rejects;
    await refused.toMatchObject({ code: 'CLUSTER_PROTOCOL', message: expect.stringContaining(which) as unknown });
  });

  it('says of a suspect that is detached what it was, when it goes on', async () => {
    const { plan, target, steps, foresight } = await prepare({ pods: [podOf('cart-1')] });
    expect(foresight.sideEffects.join()).toMatch(/leaves Service cart.*\(replicaset\)/);
    const fresh = { state: 'done', mayHaveChanged: true, why: null, detail: '' } as const;
    const history: PlanHistory = {
      ...{ plan, target, begunAt: '2026-01-01T00:00:00Z' },
      steps: steps.map((planned) => ({ planned, ...fresh })),
    };
    const detached = podOf('cart-1', { labels: { 'kubexhibit.dev/quarantine': 'k7m2p9' }, ownerReferences: [] });
    const again = await prepare({ pods: [detached] }, {}, [history]);
    expect(again.isResumed).toBe(true);
    // The name still chooses the suspect, which is in the plan.
    expect(again.since).toEqual({ notInPlan: [], gone: [] });
    expect(again.foresight.sideEffects).toEqual(foresight.sideEffects);
    expect(again.target.suspects).toMatchObject([{ uid: 'u-cart-1', kind: 'replicaset', ownerUid: 'u-rs' }]);
  });

  it('is made anew where an earlier plan of the same request had nothing to do', async () => {
    const { plan, target } = await prepare({ pods: [podOf('cart-1')] });
    const empty: PlanHistory = { plan: 'p0', target, begunAt: '2026-01-01T00:00:00Z', steps: [] };
    const again = await prepare({ pods: [podOf('cart-1')] }, {}, [empty]);
    expect(again).toMatchObject({ plan, isResumed: false });
    expect(again.steps).not.toEqual([]);
  });
});

describe('a plan that is gone on with', () => {
  const suspects = [{ by: 'label', key: 'app', value: 'cart' } as const];
  const request = { names: [], suspects };
  const held = (name: string, more: object = {}) =>
    podOf(name, { labels: { 'kubexhibit.dev/quarantine': 'k7m2p9' }, ownerReferences: [], ...more });

  async function begun(pods: World['pods'], siblings: readonly string[]): Promise<PlanHistory> {
    const { plan, target, steps } = await prepare({ pods }, request);
    const fresh = { state: 'done', mayHaveChanged: true, why: null, detail: '' } as const;
    const written = steps.map((planned) => ({ planned, ...fresh }));
    return { plan, target: { ...target, siblings }, begunAt: '2026-01-01T00:00:00Z', steps: written };
  }

  it('names every pod that matches now and is not in it, and which of them its controllers made', async () => {
    const history = await begun([podOf('cart-1')], ['u-cart-1']);
    const pods = [held('cart-1'), podOf('cart-3'), podOf('bare', { ownerReferences: [] })];
    const again = await prepare({ pods }, request, [history]);
    expect(again).toMatchObject({ isResumed: true, plan: history.plan, target: history.target });
    expect(again.steps).toEqual(history.steps.map(({ planned }) => planned));
    expect(again.states).toEqual(history.steps.map(() => 'done'));
    expect(again.since).toEqual({
      notInPlan: [
        { namespace: 'shop', name: 'bare', uid: 'u-bare', node: 'worker', isReplacement: false },
        { namespace: 'shop', name: 'cart-3', uid: 'u-cart-3', node: 'worker', isReplacement: true },
      ],
      gone: [],
    });
    expect(notInPlanTexts(again.since, again.plan)).toEqual([
      'pod shop/bare (u-bare) on node worker: it matches now, is not in plan p1, and is left alone',
      'pod shop/cart-3 (u-cart-3) on node worker, made since by the controller of a suspect: it matches now, is not in plan p1, and is left alone',
    ]);
    expect(again.scene.suspects.map(({ uid }) => uid)).toEqual(['u-cart-1']);
  });

  it('takes a sibling that matches only now for none that was made since', async () => {
    const history = await begun([podOf('cart-1')], ['u-cart-1', 'u-cart-2']);
    const { since } = await prepare({ pods: [held('cart-1'), podOf('cart-2')] }, request, [history]);
    expect(since.notInPlan).toMatchObject([{ name: 'cart-2', isReplacement: false }]);
  });

  it('names a suspect that is gone, and takes none for it that bears its name, wherever that is', async () => {
    const history = await begun([podOf('cart-1'), podOf('cart-2')], ['u-cart-1', 'u-cart-2']);
    const anew = { ...podOf('cart-2', { uid: 'u-anew' }), spec: { nodeName: 'elsewhere' } };
    const again = await prepare({ pods: [anew] }, request, [history]);
    expect(again.since).toMatchObject({
      notInPlan: [{ name: 'cart-2', uid: 'u-anew', node: 'elsewhere', isReplacement: true }],
      gone: [
        { namespace: 'shop', name: 'cart-1', uid: 'u-cart-1', replacedBy: null },
        { namespace: 'shop', name: 'cart-2', uid: 'u-cart-2', replacedBy: 'u-anew' },
      ],
    });
    expect(goneTexts(again.since, again.plan)).toEqual([
      'pod shop/cart-1 (u-cart-1) of plan p1 is gone',
      'pod shop/cart-2 (u-cart-2) of plan p1 is gone, and another pod bears its name: u-anew',
    ]);
    expect(again.scene.suspects).toEqual([]);
  });

  it('knows nothing of the kind of a new one', async () => {
    const fresh = await prepare({ pods: [podOf('cart-1')] }, request);
    expect(fresh).toMatchObject({ isResumed: false, states: [], since: { notInPlan: [], gone: [] } });
  });
});
