import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import type { FakeHandler } from '../../../test/fakes/fake-cluster.js';
import { json, listOf, status } from '../../../test/fakes/fake-cluster-world.js';
import type { PodTarget } from '../../model/target.js';
import { freezeTargets, thawTargets } from './freeze-targets.js';
import type { FrozenTargets } from './freeze-targets.js';
import type { ScopeRequest } from './scope-request.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'freeze-targets-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const pod = (name: string, namespace = 'shop') => ({
  metadata: { name, namespace, uid: `uid-of-${name}` },
  spec: { nodeName: 'node1', containers: [{ name: 'app' }] },
});
const node = { metadata: { name: 'node1', uid: 'n-1' }, status: { nodeInfo: { machineID: 'm' } } };

async function freeze(handler: FakeHandler, scope: Partial<ScopeRequest>, limits = {}): Promise<FrozenTargets> {
  return await freezeTargets({
    scope: { all: false, nodes: [], pods: [], namespaces: [], ...scope },
    limits,
    collectors: [{ needs: ['pods', 'nodes'] }],
    cluster: new FakeCluster(handler),
    signal: new AbortController().signal,
    directory,
  });
}

async function podsOf(frozen: FrozenTargets): Promise<string[]> {
  const pods: PodTarget[] = [];
  for await (const target of thawTargets(frozen, directory).pods()) pods.push(target);
  return pods.map((target) => `${target.namespace}/${target.name}`);
}

describe('freezeTargets', () => {
  const honest: FakeHandler = ({ path }) => {
    if (path.startsWith('/api/v1/nodes/')) return json(node);
    if (path === '/api/v1/namespaces/shop/pods/web') return json(pod('web'));
    if (path.endsWith('/pods')) return listOf([pod('web'), pod('db', 'bank')]);
    return json({ metadata: { uid: 'cluster-1' } });
  };

  it('takes a pod with its node, what runs there, and kube-system', async () => {
    const frozen = await freeze(honest, { pods: ['shop/web'] });
    expect(frozen).toMatchObject({
      clusterUid: 'cluster-1',
      namespaces: ['bank', 'kube-system', 'shop'],
      incomplete: [],
    });
    expect(frozen.nodes.map((target) => target.machineId)).toEqual(['m']);
    expect(await podsOf(frozen)).toEqual(['shop/web', 'bank/db']);
  });

  it('keeps out what the authority does not cover, and counts it', async () => {
    const frozen = await freeze(honest, { nodes: ['node1'] }, { namespaces: ['shop'] });
    expect(frozen).toMatchObject({ namespaces: ['shop'], excludedByAuthority: 1 });
    expect(await podsOf(frozen)).toEqual(['shop/web']);
  });

  it('says that entries without an identity were in the list, and drops none in silence', async () => {
    const frozen = await freeze(
      (request) =>
        request.path.endsWith('/pods') ? listOf([pod('web'), { metadata: { name: 'ghost' } }]) : honest(request),
      { nodes: ['node1'] },
    );
    expect(frozen.incomplete).toEqual(['1 entries of the list of pods have no name, namespace or UID']);
  });

  it('goes on without the node of a pod that may not be read, and says so', async () => {
    const frozen = await freeze(
      (request) => (request.path.startsWith('/api/v1/nodes/') ? status(403, 'no') : honest(request)),
      { pods: ['shop/web'] },
    );
    expect(frozen.nodes).toEqual([]);
    expect(frozen.incomplete).toHaveLength(1);
  });

  it.each([
    [{ nodes: ['gone'] }, 'node gone'],
    [{ pods: ['shop/gone'] }, 'pod shop/gone'],
    [{ namespaces: ['gone'] }, 'namespace gone'],
  ])('refuses %j, which does not exist', async (scope, subject) => {
    const absent: FakeHandler = (request) =>
      request.path.includes('gone') ? status(404, 'not found') : honest(request);
    await expect(freeze(absent, scope)).rejects.toMatchObject({ code: 'TARGET_GONE', subject });
  });
});
