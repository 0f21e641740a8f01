import { describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { json } from '../../../test/fakes/fake-cluster-world.js';
import { planSteps } from './plan-steps.js';
import { readPolicyApis } from './policy-apis.js';
import type { Suspect } from './read-scene.js';
import { rightsOf } from './step-rights.js';

const resources = (...names: string[]) => json({ kind: 'APIResourceList', resources: names.map((name) => ({ name })) });
const CILIUM = { '/apis/cilium.io/v2': resources('ciliumnetworkpolicies') };
const CALICO_OBJECTS = { '/apis/crd.projectcalico.org/v1': resources('networkpolicies') };
const CALICO_SERVER = { '/apis/projectcalico.org/v3': resources('networkpolicies') };
const read = async (served: Readonly<Record<string, ReturnType<typeof json>>>) =>
  await readPolicyApis(new FakeCluster(({ path }) => served[path] ?? json({ kind: 'Status' }, 404)));
const groupsOf = async (served: Parameters<typeof read>[0]) =>
  (await read(served)).served.map(({ group, version }) => `${group}/${version}`);

const suspectOf = (name: string): Suspect => ({
  ...{ namespace: 'shop', name, uid: `u-${name}`, node: 'worker', kind: 'bare', owner: null },
  object: { metadata: { labels: {} }, spec: {} },
  ...{ ownerSelector: undefined, services: [], moreServices: 0, selectorKeys: [] },
});

describe('the APIs of network plugins', () => {
  it('are those that the server announces, of each plugin the best one', async () => {
    expect(await groupsOf({})).toEqual([]);
    expect(await groupsOf({ ...CILIUM, ...CALICO_OBJECTS })).toEqual(['cilium.io/v2', 'crd.projectcalico.org/v1']);
    expect(await groupsOf({ ...CALICO_SERVER, ...CALICO_OBJECTS })).toEqual(['projectcalico.org/v3']);
    expect(await groupsOf({ '/apis/cilium.io/v2': resources('ciliumnodes') })).toEqual([]);
  });

  it('that may not be read are named, and no policy is made of them', async () => {
    const { served, unknown } = await read({ '/apis/cilium.io/v2': json({ kind: 'Status' }, 403) });
    expect(served).toEqual([]);
    expect(unknown).toEqual(['cilium.io/v2']);
  });

  it('get a policy each, before any suspect gets the label and none waiting for it', async () => {
    const { served: policyApis } = await read({ ...CILIUM, ...CALICO_OBJECTS });
    const suspects = [suspectOf('a'), suspectOf('b')];
    const scene = { clusterUid: 'c', nodes: [], suspects, policies: new Map(), policyApis };
    const names = { caseToken: 'k7m2p9', plan: 'p1', deniedBefore: '' };
    const plan = (skip: readonly 'deny-policy'[]) =>
      planSteps({ target: 'pod', skip }, { scene, machines: [] }, names).filter(({ phase }) => phase === 'contain');
    const steps = plan([]);
    expect(steps.map(({ kind }) => kind)).toEqual([
      ...['deny-network', 'deny-cilium', 'deny-calico', 'detach-pod', 'detach-pod'],
    ]);
    expect(steps.slice(0, 3).map(({ subject }) => 'name' in subject && subject.name)).toEqual([
      ...['exhibit-quarantine-k7m2p9-p1', 'exhibit-quarantine-k7m2p9-p1', 'default.exhibit-quarantine-k7m2p9-p1'],
    ]);
    expect(steps.at(-1)?.needs).toEqual([steps[0]?.step]);
    expect(rightsOf(steps).map(({ verb, apiGroup }) => `${verb} ${apiGroup}`)).toContain('delete cilium.io');
    expect(plan(['deny-policy']).map(({ kind }) => kind)).toEqual(['detach-pod', 'detach-pod']);
  });
});
