import { describe, expect, it } from 'vitest';
import { apiServerChecks } from './api-server-arguments.js';
import { autoscalerChecks } from './autoscalers.js';
import { credentialCheck } from './cluster-checks.js';
import { networkPluginCheck } from './network-plugin.js';

const named = (name: string, namespace = 'kube-system') => ({ metadata: { name, namespace } });
const serverWith = (...command: string[]) => ({ spec: { containers: [{ command: ['kube-apiserver', ...command] }] } });

describe('whether policies are enforced', () => {
  it.each([
    [[named('cilium')], 'works'],
    [[named('kube-flannel-ds'), named('calico-node')], 'works'],
    [[named('aws-node')], 'degraded'],
    [[named('kube-flannel-ds')], 'degraded'],
    [[named('constructor'), named('__proto__')], 'unknown'],
    [[], 'unknown'],
  ])('is guessed by the names of DaemonSets: %j', (daemonSets, state) => {
    expect(networkPluginCheck(daemonSets)).toMatchObject({ state });
  });

  it('is told of the VPC CNI by the argument of its agent', () => {
    const agent = { name: 'aws-eks-nodeagent', args: ['--enable-network-policy=true'] };
    const daemonSet = {
      ...named('aws-node'),
      spec: { template: { spec: { containers: [{ name: 'aws-node' }, agent] } } },
    };
    expect(networkPluginCheck([daemonSet])).toMatchObject({ state: 'works' });
  });

  it('is said to be a guess whenever a plugin is named', () => {
    for (const name of ['cilium', 'aws-node', 'kube-flannel-ds'])
      expect(networkPluginCheck([named(name)]).reason).toContain('a guess by the name');
  });
});

describe('what may take a node away', () => {
  it('is Karpenter by its API, and the autoscaler by its Deployment', () => {
    const found = autoscalerChecks(['apps', 'karpenter.sh'], [named('aws-cluster-autoscaler'), named('web')]);
    expect(found.map(({ subject, state }) => [subject, state])).toEqual([
      ['Karpenter', 'degraded'],
      ['kube-system/aws-cluster-autoscaler', 'works'],
    ]);
  });

  it('is nothing that was recognised', () => {
    expect(autoscalerChecks([], [named('my-cluster-autoscalers')])).toMatchObject([
      { state: 'works', subject: 'cluster' },
    ]);
  });
});

describe('the API server', () => {
  it('says whether it writes an audit log, and how long events are kept', () => {
    const flags = ['--audit-log-path=/var/log/a.log', '--audit-policy-file', '/etc/p.yaml', '--event-ttl=30m'];
    expect(apiServerChecks([serverWith(...flags)])).toMatchObject([
      { id: 'audit-policy', state: 'works', reason: '/var/log/a.log, by the policy /etc/p.yaml' },
      { id: 'event-ttl', state: 'works', reason: 'events are kept for 30m' },
    ]);
    expect(apiServerChecks([serverWith('--audit-log-path=-')])).toMatchObject([{ state: 'degraded' }, {}]);
    expect(apiServerChecks([serverWith()])).toMatchObject([
      { state: 'degraded' },
      { reason: 'events are kept for 1h0m0s' },
    ]);
  });

  it('of somebody else says nothing', () => {
    expect(apiServerChecks([])).toMatchObject([{ state: 'unknown' }, { state: 'unknown' }]);
  });
});

describe('a credential', () => {
  const now = Date.parse('2026-03-04T05:00:00Z');
  const at = (expiresAt: string | null, isRenewed = false) =>
    credentialCheck({ kind: 'token', expiresAt, isRenewed }, now);

  it('works while it is valid long enough, or is renewed', () => {
    expect(at('2026-03-04T08:00:00Z').state).toBe('works');
    expect(at('2026-03-04T05:10:00Z', true).state).toBe('works');
    expect(at(null, true).state).toBe('works');
  });

  it('is degraded when it ends soon, fails when it has ended, and is unknown when it does not say', () => {
    expect(at('2026-03-04T05:59:59Z')).toMatchObject({ state: 'degraded', remedy: 'Log in again before you begin' });
    expect(at('2026-03-04T05:00:00Z').state).toBe('fails');
    expect(at(null).state).toBe('unknown');
    expect(at('some day').state).toBe('unknown');
  });
});
