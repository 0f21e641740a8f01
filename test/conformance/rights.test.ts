import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLLECTORS } from '../../src/collectors/index.gen.js';
import type { Permission } from '../../src/ports/collector.js';
import { NeededRights, attributesOf } from '../../src/workflows/needed-rights.js';
import { observeIdentity } from '../../src/workflows/observe-identity.js';
import { MAX_REVIEWS, reviewRights } from '../../src/workflows/review-rights.js';
import { COLLECTION_RIGHTS } from '../../src/workflows/rights.js';
import { freezeTargets } from '../../src/workflows/targets/freeze-targets.js';
import type { ScopeRequest } from '../../src/workflows/targets/scope-request.js';
import { FakeCluster, type FakeHandler } from '../fakes/fake-cluster.js';
import { usedPermission, type UsedPermission } from '../fakes/fake-cluster-permission.js';
import { json, listOf, podObject, worldTargets } from '../fakes/fake-cluster-world.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-rights-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const NODE = { kind: 'Node', metadata: { name: 'node-1', uid: 'n-1' }, status: { nodeInfo: { machineID: 'm' } } };
const placed = { ...(podObject() as Record<string, unknown>), spec: { nodeName: 'node-1', containers: [] } };

/** A server without aggregated discovery, so that every way to ask is taken. */
const cluster: FakeHandler = ({ path }) => {
  if (path === '/api') return json({ kind: 'APIVersions', versions: ['v1'] });
  if (path === '/apis') return json({ groups: [{ name: 'apps', versions: [{ version: 'v1' }] }] });
  if (path === '/api/v1' || path === '/apis/apps/v1') return json({ resources: [] });
  if (path.endsWith('/selfsubjectreviews')) return json({ kind: 'SelfSubjectReview', status: {} }, 201);
  if (/\/nodes\/[^/]+$/.test(path)) return json(NODE);
  if (/\/pods\/[^/]+$/.test(path)) return json(placed);
  if (/\/namespaces\/[^/]+$/.test(path)) return json({ kind: 'Namespace', metadata: { uid: 'u' } });
  return listOf([]);
};

const NOTHING: ScopeRequest = { all: false, nodes: [], pods: [], namespaces: [] };
const SCOPES: Readonly<Record<string, ScopeRequest>> = {
  '--all': { ...NOTHING, all: true },
  '--node': { ...NOTHING, nodes: ['node-1'] },
  '--pod': { ...NOTHING, pods: ['shop/web-0'] },
  '--namespace': { ...NOTHING, namespaces: ['shop'] },
};

async function usedBy(scope: ScopeRequest): Promise<UsedPermission[]> {
  const fake = new FakeCluster(cluster);
  await observeIdentity(fake, 'open');
  const { signal } = new AbortController();
  await freezeTargets({ scope, limits: {}, collectors: COLLECTORS, cluster: fake, signal, directory });
  return [...fake.used.values()];
}

function covers(permission: Permission, used: UsedPermission): boolean {
  if (!(permission.verbs as readonly string[]).includes(used.verb)) return false;
  const { nonResourceUrl: url } = permission;
  if (used.nonResourceUrl !== '') {
    return url?.endsWith('*') === true ? used.nonResourceUrl.startsWith(url.slice(0, -1)) : url === used.nonResourceUrl;
  }
  return url === undefined && permission.apiGroup === used.apiGroup && permission.resource === used.resource;
}

describe('the rights that choosing the targets uses', () => {
  it.each(Object.entries(SCOPES))('are declared for %s', async (_name, scope) => {
    const used = await usedBy(scope);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((one) => !COLLECTION_RIGHTS.some((permission) => covers(permission, one)))).toEqual([]);
  });

  it('are all used, but for the review of a dry run', async () => {
    const used: UsedPermission[] = [];
    for (const scope of Object.values(SCOPES)) used.push(...(await usedBy(scope)));
    const idle = COLLECTION_RIGHTS.flatMap((permission) =>
      permission.verbs
        .filter((verb) => !used.some((one) => covers({ ...permission, verbs: [verb] }, one)))
        .map((verb) => `${verb} ${permission.resource}`),
    );
    expect(idle).toEqual(['create selfsubjectaccessreviews']);
  });
});

async function needed(wholeCluster: boolean): Promise<NeededRights> {
  const rights = new NeededRights();
  const targets = worldTargets();
  const limits = { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1 };
  const context = {
    targets: wholeCluster ? { ...targets, namespaces: 'all' as const } : targets,
    limits,
    wholeCluster,
  };
  for (const collector of COLLECTORS) {
    for await (const planned of collector.plan(context)) rights.plan(collector, planned);
    rights.declare(collector, wholeCluster);
  }
  return rights;
}

const where = (rights: NeededRights) =>
  Object.fromEntries(
    rights
      .all()
      .map((right) => [
        `${right.verb} ${right.nonResourceUrl}${right.resource}${right.apiGroup === '' ? '' : `.${right.apiGroup}`}`,
        [...right.namespaces],
      ]),
  );

describe('the rights that a plan needs', () => {
  it('are those of the planned resources, in their namespaces, and no wildcard', async () => {
    expect(where(await needed(false))).toMatchObject({
      'list configmaps': ['kube-system', 'shop'],
      'list deployments.apps': ['kube-system', 'shop'],
      'list secrets': ['kube-system', 'shop'],
      'list nodes': [''],
      'get pods/log': ['shop'],
      'get pods': ['shop'],
      'get nodes/proxy': [''],
      'get namespaces': ['kube-system'],
      'create selfsubjectreviews.authentication.k8s.io': [''],
      'get /readyz': [''],
    });
    const keys = Object.keys(where(await needed(false)));
    expect(keys.filter((key) => key.includes('*'))).toEqual([]);
    expect(keys).not.toContain('list namespaces');
  });

  it('reach further for the whole cluster', async () => {
    expect(where(await needed(true))).toMatchObject({ 'list configmaps': [''], 'list namespaces': [''] });
  });

  it.each([
    '/api',
    '/apis/apps/v1',
    '/version',
    '/api/v1/pods',
    '/api/v1/nodes/n/proxy/logs/',
    '/apis/a/v1/namespaces/n/b',
  ])('are seen in %s as the server sees them', (path) => {
    const { namespace: _, ...attributes } = attributesOf(path);
    expect(attributes).toEqual(usedPermission('GET', path));
  });
});

interface Asked {
  readonly resource?: string;
  readonly namespace?: string;
}

class ReviewingCluster extends FakeCluster {
  readonly asked: Asked[] = [];
  now = 0;
  most = 0;
  readonly #allows: (asked: Asked) => boolean;

  constructor(allows: (asked: Asked) => boolean) {
    super(() => ({}));
    this.#allows = allows;
  }

  override async review(path: string, body?: unknown): Promise<Awaited<ReturnType<FakeCluster['review']>>> {
    const { resourceAttributes: asked = {} } = (body as { spec: { resourceAttributes?: Asked } }).spec;
    this.asked.push(asked);
    this.most = Math.max(this.most, (this.now += 1));
    const answer = await new FakeCluster(() =>
      json({ kind: 'SelfSubjectAccessReview', status: { allowed: this.#allows(asked) } }, 201),
    ).review(path);
    this.now -= 1;
    return answer;
  }
}

const right = (resource: string, ...namespaces: string[]) => ({
  ...{ verb: 'list', apiGroup: '', resource, nonResourceUrl: '', why: 'why' },
  namespaces: new Set(namespaces),
});

describe('the review of rights', () => {
  it('is granted by what is allowed in every namespace that is needed', async () => {
    const fake = new ReviewingCluster(({ namespace = '', resource }) => namespace !== '' && resource === 'pods');
    const rights = await reviewRights(fake, [right('pods', 'a', 'b'), right('secrets', 'a'), right('nodes', '')]);
    expect(rights.map(({ resource, allowed }) => [resource, allowed])).toEqual([
      ['pods', true],
      ['secrets in namespace a', false],
      ['nodes', false],
    ]);
    expect(fake.asked.length).toBe(6);
  });

  it('asks no namespace where the whole cluster is allowed, and few at once', async () => {
    const fake = new ReviewingCluster(() => true);
    const rights = await reviewRights(
      fake,
      Array.from({ length: 50 }, (_, at) => right(`r${String(at)}`, 'a', 'b')),
    );
    expect(rights.every(({ allowed }) => allowed === true)).toBe(true);
    expect(fake.asked.length).toBe(50);
    expect(fake.most).toBe(4);
  });

  it('ends at its bound, and estimates the rest', async () => {
    const fake = new ReviewingCluster(({ namespace = '' }) => namespace !== '');
    const names = Array.from({ length: 300 }, (_, at) => `n${String(at)}`);
    const rights = await reviewRights(fake, [right('pods', ...names), right('nodes', '')]);
    expect(fake.asked.length).toBe(MAX_REVIEWS);
    expect(rights.map(({ resource, allowed }) => [resource, allowed])).toEqual([
      ['pods', true],
      ['nodes', false],
      ['102 more rights', null],
    ]);
    expect(rights[2]?.why).toContain('Estimate: 51 of them are missing');
  });
});
