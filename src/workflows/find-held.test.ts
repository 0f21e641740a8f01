import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../test/fakes/fake-cluster.js';
import { json, listOf } from '../../test/fakes/fake-cluster-world.js';
import { findHeld } from './find-held.js';

const KEY = 'kubexhibit.dev/quarantine';
const NODES = [
  { metadata: { name: 'worker' }, spec: { taints: [{ key: KEY, value: 'abc', effect: 'NoSchedule' }] } },
  { metadata: { name: 'other' }, spec: { taints: [{ key: 'gpu', value: 'abc' }] } },
  { metadata: { name: 'odd' }, spec: { taints: 'none' } },
];
const PODS = [
  { metadata: { name: 'cart', namespace: 'shop', labels: { [KEY]: 'abc' } } },
  { metadata: { name: 'till', namespace: 'shop', labels: { [KEY]: 'xyz' } } },
  { metadata: { name: 'web', namespace: 'shop', labels: {} } },
];
const policy = (name: string, managedBy: string) => ({
  metadata: {
    ...{ name, namespace: 'shop' },
    labels: { 'kubexhibit.dev/case': 'abc', 'app.kubernetes.io/managed-by': managedBy },
  },
});
const POLICIES = [
  policy('exhibit-quarantine-abc-p4x8qd', 'exhibit'),
  policy('by-hand', 'exhibit'),
  policy('x', 'helm'),
];

const { signal } = new AbortController();
const clusterOf = (forbidden = '') =>
  new FakeCluster(({ path }) => {
    if (forbidden !== '' && path.endsWith(forbidden)) return json({}, 403);
    if (path.endsWith('/nodes')) return listOf(NODES);
    return listOf(path.endsWith('/pods') ? PODS : POLICIES);
  });

describe('what a containment holds', () => {
  it('is found by its marks, with the plan where the object says it, of one case', async () => {
    expect(await findHeld(clusterOf(), 'abc', signal)).toEqual({
      held: [
        { object: 'nodes worker', by: 'taint', caseToken: 'abc', plan: null },
        { object: 'pods shop/cart', by: 'label', caseToken: 'abc', plan: null },
        {
          object: 'networkpolicies shop/exhibit-quarantine-abc-p4x8qd',
          by: 'policy',
          caseToken: 'abc',
          plan: 'p4x8qd',
        },
        { object: 'networkpolicies shop/by-hand', by: 'policy', caseToken: 'abc', plan: null },
      ],
      unread: [],
    });
  });

  it('is found of every case', async () => {
    const { held } = await findHeld(clusterOf(), null, signal);
    expect(held.map(({ object }) => object)).toContain('pods shop/till');
  });

  it('is not proven to be nothing where a list is refused', async () => {
    const { held, unread } = await findHeld(clusterOf('/nodes'), 'abc', signal);
    expect(held.map(({ by }) => by)).not.toContain('taint');
    expect(unread).toEqual([{ resource: 'nodes (held)', reason: 'forbidden' }]);
  });
});
