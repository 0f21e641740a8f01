import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../../test/fakes/fake-cluster.js';
import { json, listOf } from '../../../../test/fakes/fake-cluster-world.js';
import { denyCalico } from '../../../plan/actions/deny-calico.js';
import { denyCilium } from '../../../plan/actions/deny-cilium.js';
import { denialOf } from '../../../plan/deny-view.js';
import { unevaluatedPolicies } from './live-policies.js';

const DENIAL = denialOf('k7m2p9', { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9' });
const [CILIUM, CALICO] = [denyCilium, denyCalico].map((kind) => kind.body('ours', DENIAL) as { spec: object });
const labels = { 'app.kubernetes.io/managed-by': 'exhibit' };

async function countedOf(lists: Readonly<Record<string, readonly unknown[]>>) {
  const cluster = new FakeCluster(({ path }) => {
    const items = lists[path.replace(/^\/apis\/([^/]+)\/.*\/([^/]+)$/, '$2.$1')];
    return items === undefined ? json({ kind: 'Status' }, 404) : listOf(items);
  });
  return await unevaluatedPolicies(['shop'], cluster);
}
const [BY_CILIUM, BY_CALICO] = ['ciliumnetworkpolicies.cilium.io', 'networkpolicies.crd.projectcalico.org'];

describe('policies that are not evaluated', () => {
  it('are counted without ours', async () => {
    const theirs = { metadata: {}, spec: { egress: [{}] } };
    expect(await countedOf({ [BY_CILIUM]: [CILIUM, theirs], [BY_CALICO]: [CALICO] })).toEqual([
      `${BY_CILIUM} (shop): 1`,
    ]);
  });

  it.each([
    ['that allows something', { spec: { ...CILIUM?.spec, ingress: [{ fromEntities: ['all'] }] } }],
    ['of several parts', { spec: CILIUM?.spec, specs: [{ egress: [{}] }] }],
  ])('are those with our label as well %s', async (_what, policy) => {
    expect(await countedOf({ [BY_CILIUM]: [{ metadata: { labels }, ...policy }] })).toEqual([`${BY_CILIUM} (shop): 1`]);
  });

  it('of Calico are counted with our label as well where they let something pass', async () => {
    const spec = { ...CALICO?.spec, ingress: [{ action: 'Allow' }] };
    expect(await countedOf({ [BY_CALICO]: [{ metadata: { labels }, spec }] })).toEqual([`${BY_CALICO} (shop): 1`]);
  });
});
