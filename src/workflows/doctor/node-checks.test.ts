import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeChecks } from './node-checks.js';
import { cloudOf, traitsOf } from './node-traits.js';

type Plain = Readonly<Record<string, unknown>>;

const nodeOf = (name: string, more: { labels?: Plain; nodeInfo?: Plain; spec?: Plain; ready?: string } = {}) => ({
  metadata: { name, labels: more.labels ?? {} },
  spec: more.spec ?? {},
  status: {
    nodeInfo: { containerRuntimeVersion: 'containerd://2.1.4', osImage: 'Debian', ...more.nodeInfo },
    conditions: [{ type: 'Ready', status: more.ready ?? 'True' }],
  },
});
const COMPUTE = 'eks.amazonaws.com/compute-type';
const FARGATE = nodeOf('ip-10-0-0-1', { labels: { [COMPUTE]: 'fargate' } });

describe('a node on which something cannot work', () => {
  it.each([
    ['Fargate', FARGATE],
    ['Fargate', nodeOf('fargate-ip-10-0-0-1')],
    ['EKS Auto Mode', nodeOf('i-0abc', { labels: { [COMPUTE]: 'auto' } })],
    ['GKE Autopilot', nodeOf('gk3-cluster-pool-1')],
    ['virtual kubelet', nodeOf('vk', { labels: { type: 'virtual-kubelet' } })],
    ['Talos', nodeOf('t', { nodeInfo: { osImage: 'Talos (v1.11.0)' } })],
    ['Bottlerocket', nodeOf('b', { nodeInfo: { osImage: 'Bottlerocket OS 1.49.0 (aws-k8s-1.34)' } })],
    ['Windows', nodeOf('w', { nodeInfo: { operatingSystem: 'windows' } })],
  ])('is recognised: %s', (name, node) => {
    expect(traitsOf(node).map((trait) => trait.name)).toEqual([name]);
    expect(nodeChecks([node], []).filter(({ id }) => id === 'node-platform')).not.toEqual([]);
  });

  it('is none of them otherwise', () => {
    expect(traitsOf(nodeOf('worker', { nodeInfo: { osImage: 'Ubuntu 24.04', operatingSystem: 'linux' } }))).toEqual([]);
  });

  it('fails where just that was asked for, and is degraded otherwise', () => {
    const statesOf = (ways: Parameters<typeof nodeChecks>[1]) =>
      new Set(nodeChecks([FARGATE], ways).flatMap(({ id, state }) => (id === 'node-platform' ? [state] : [])));
    expect(statesOf([])).toEqual(new Set(['degraded']));
    expect(statesOf(['collector-pod'])).toEqual(new Set(['fails']));
    expect(statesOf(['ssh'])).toEqual(new Set(['fails']));
  });
});

describe('nodes', () => {
  it('are named together by what they have in common, a few of many', () => {
    const many = Array.from({ length: 9 }, (_, at) => nodeOf(`n${String(at)}`));
    const [ready, runtime] = nodeChecks(many, []);
    expect(ready).toMatchObject({ state: 'works', subject: 'n0, n1, n2, n3, n4 and 4 more' });
    expect(runtime).toMatchObject({ id: 'node-runtime', state: 'works' });
  });

  it('that are lost, and runtimes that are not known, are degraded', () => {
    const checks = nodeChecks(
      [nodeOf('lost', { ready: 'Unknown', nodeInfo: { containerRuntimeVersion: 'rkt://1' } })],
      [],
    );
    expect(checks.filter(({ state }) => state === 'degraded').map(({ id }) => id)).toEqual([
      'node-ready',
      'node-runtime',
    ]);
  });

  it.each([
    ['aws:///eu-central-1a/i-0abc', 'AWS'],
    ['gce://project/zone/name', 'Google Cloud'],
    ['hcloud://1', 'hcloud'],
    ['', null],
    ['no scheme', null],
    [7, null],
  ])('say which cloud they are of: %s', (providerID, cloud) => {
    expect(cloudOf(nodeOf('n', { spec: { providerID } }))).toBe(cloud);
  });

  it('of any shape are no reason to stop', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (nodes) => {
        expect(nodeChecks(nodes, ['collector-pod']).length).toBeGreaterThan(0);
      }),
    );
  });
});
