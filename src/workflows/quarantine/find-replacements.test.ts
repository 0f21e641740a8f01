import { describe, expect, it } from 'vitest';
import type { PlannedSuspect, SuspectKind } from '../../model/action.js';
import type { StepReport } from '../../plan/step-report.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { findReplacements, siblingsOf } from './find-replacements.js';

const SUSPECT: PlannedSuspect = {
  ...{ namespace: 'shop', name: 'cart-1', uid: 'u-suspect', kind: 'deployment', ownerUid: 'u-owner' },
  ...{ services: [], moreServices: 0 },
};
const detached = (outcome: StepReport['outcome'] = 'applied', uid = 'u-suspect'): StepReport => ({
  ...{ outcome, why: null, detail: '', now: null },
  planned: {
    ...{ step: 1, name: 'detach', kind: 'detach-pod', phase: 'contain', before: null, intended: null },
    ...{ reversibility: 'compensated', undo: '', needs: [] },
    subject: { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'cart-1', uid },
  },
});
const pod = (name: string, ownerUid = 'u-owner', more: { uid?: string; spec?: object } = {}) => ({
  spec: more.spec ?? {},
  metadata: {
    ...{ name, uid: more.uid ?? `u-${name}` },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: ownerUid, controller: true }],
  },
});

/** A cluster that answers each list with the next of `answers`, and the last one for ever. */
function clusterOf(...answers: (readonly unknown[])[]) {
  const waited: number[] = [];
  let lists = 0;
  const list: ClusterReader['list'] = async (_request, onPage) => {
    const items = answers[Math.min(lists, answers.length - 1)] ?? [];
    lists += 1;
    await onPage({ number: 1, items } as unknown as Parameters<typeof onPage>[0]);
    return { complete: true } as Awaited<ReturnType<ClusterReader['list']>>;
  };
  const reader = { list, get: async () => await Promise.reject(new Error('nothing is read')) };
  const pause = async (ms: number) => await Promise.resolve(waited.push(ms));
  return { reader, pause, waited };
}
const target = (kind: SuspectKind = 'deployment', siblings: readonly string[] | null = ['u-suspect', 'u-cart-2']) => ({
  suspects: [{ ...SUSPECT, kind }],
  siblings,
});

describe('the replacements of suspects', () => {
  it('are waited for, since a controller needs a moment', async () => {
    const old = [pod('cart-2'), pod('other-1', 'u-other')];
    const cluster = clusterOf(old, old, [...old, pod('cart-3')]);
    const { replacements, reasons } = await findReplacements(target(), [detached()], cluster);
    expect(replacements).toMatchObject([{ namespace: 'shop', name: 'cart-3', uid: 'u-cart-3', ownerUid: 'u-owner' }]);
    expect(reasons).toEqual([]);
    expect(cluster.waited).toHaveLength(2);
  });

  it('are said not to have been seen where one is expected: an empty list is not none', async () => {
    const cluster = clusterOf([pod('cart-2')]);
    const { replacements, reasons } = await findReplacements(target(), [detached()], cluster);
    expect(replacements).toEqual([]);
    expect(reasons).toEqual([expect.stringContaining('pod shop/cart-1: no replacement was seen yet')]);
    expect(cluster.waited.reduce((sum, one) => sum + one, 0)).toBe(5_000);
  });

  it.each([
    ['statefulset', 'applied'],
    ['bare', 'applied'],
    ['deployment', 'held'],
    ['deployment', 'failed'],
  ] as const)('of a %s whose detach was %s are listed at once', async (kind, outcome) => {
    const cluster = clusterOf([pod('cart-3')]);
    const { replacements, reasons } = await findReplacements(target(kind), [detached(outcome)], cluster);
    expect(replacements).toMatchObject([{ name: 'cart-3' }]);
    expect(reasons).toEqual([]);
    expect(cluster.waited).toEqual([]);
  });

  it('are told from the pods that were there when the plan was begun, which the plan keeps', async () => {
    const siblings = await siblingsOf(target(), clusterOf([pod('suspect'), pod('cart-2'), pod('other-1', 'u-other')]));
    expect(siblings).toEqual(['u-cart-2', 'u-suspect']);
    expect((await findReplacements(target('deployment', null), [], clusterOf([]))).replacements).toBeNull();
    const many = Array.from({ length: 5_001 }, (_, index) => pod(`cart-${String(index)}`));
    expect(await siblingsOf(target(), clusterOf(many))).toBeNull();
  });

  it('are counted: two suspects of one controller need two', async () => {
    const suspects = ['u-suspect', 'u-second'].map((uid, at) => ({ ...SUSPECT, uid, name: `cart-${String(at + 1)}` }));
    const both = { suspects, siblings: ['u-suspect', 'u-second'] };
    const reports = [detached(), detached('applied', 'u-second')];
    const cluster = clusterOf([], [pod('cart-8')], [pod('cart-8'), pod('cart-9')]);
    const found = await findReplacements(both, reports, cluster);
    expect(found.replacements?.map(({ name }) => name)).toEqual(['cart-8', 'cart-9']);
    expect(found.reasons).toEqual([]);
    expect(cluster.waited).toHaveLength(2);
    const one = await findReplacements(both, reports, clusterOf([pod('cart-8')]));
    expect(one.reasons).toEqual([
      'pod shop/cart-1, pod shop/cart-2: 1 of 2 replacements were seen yet; one that comes later is not listed',
    ]);
    // One was detached, and replaced, before the process died: that one is not for the other.
    const later = clusterOf([pod('cart-8')], [pod('cart-8'), pod('cart-9')]);
    await findReplacements(both, [detached('held'), detached('applied', 'u-second')], later);
    expect(later.waited).toHaveLength(1);
    // Of two controllers each has its own.
    const other = { ...SUSPECT, uid: 'u-second', name: 'till-1', ownerUid: 'u-other' };
    const apart = { suspects: [SUSPECT, other], siblings: [] };
    const ofOther = await findReplacements(
      apart,
      reports,
      clusterOf([pod('till-8', 'u-other'), pod('till-9', 'u-other')]),
    );
    expect(ofOther.reasons).toEqual([expect.stringMatching(/^pod shop\/cart-1: no replacement was seen yet/)]);
  });

  it('of a DaemonSet are told by their node, also before they run there, and not expected where a taint keeps them out', async () => {
    const on = (node: string) => ({ ...SUSPECT, kind: 'daemonset' as const, node });
    const one = { suspects: [on('worker-1')], siblings: ['u-suspect'] };
    const elsewhere = pod('agent-2', 'u-owner', { spec: { nodeName: 'worker-2' } });
    const values = ['worker-1'];
    const required = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const pending = pod('agent-1', 'u-owner', { spec: { affinity } });
    const cluster = clusterOf([elsewhere], [elsewhere, pending]);
    const found = await findReplacements(one, [detached()], cluster);
    expect(cluster.waited).toHaveLength(1);
    expect(found.replacements).toMatchObject([{ node: 'worker-2' }, { name: 'agent-1', node: '' }]);
    const kept = clusterOf([]);
    const keptOut = { ...on('worker-1'), keptOut: true as const };
    expect(await findReplacements({ ...one, suspects: [keptOut] }, [detached()], kept)).toMatchObject({ reasons: [] });
    expect(kept.waited).toEqual([]);
  });

  it('of a StatefulSet bear the name of the suspect and another UID; of a Job any name', async () => {
    const anew = pod('cart-1', 'u-owner', { uid: 'u-anew' });
    const { replacements } = await findReplacements(target('statefulset'), [detached()], clusterOf([anew]));
    expect(replacements).toMatchObject([{ name: 'cart-1', uid: 'u-anew' }]);
    const job = clusterOf([], [pod('cart-x7k2p')]);
    expect((await findReplacements(target('job'), [detached()], job)).replacements).toMatchObject([
      { name: 'cart-x7k2p' },
    ]);
    expect(job.waited).toHaveLength(1);
  });
});
