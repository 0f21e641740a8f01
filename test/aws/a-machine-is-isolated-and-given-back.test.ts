import { DescribeAutoScalingGroupsCommand, DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstanceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeLoadBalancersCommand } from '@aws-sdk/client-elastic-load-balancing';
import { ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.js';
import { openActuator } from '../conformance/actuator-harness.js';
import { User } from '../e2e/exhibit.js';
import { bareClients, type BareClients, type Machine, makeMachine } from './machine.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const NODE = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'node1' };
const SUSPECT = 'exhibit-quiet/web-659677877-v2qhz';

interface Step {
  readonly name: string;
  readonly outcome: string;
  readonly detail: string;
}
const outcomesOf = (document: Record<string, unknown>): readonly string[] =>
  (document['steps'] as readonly Step[]).map(({ name, outcome, detail }) =>
    [name, outcome, ...(outcome === 'failed' ? [detail] : [])].join(' '),
  );

describe.skipIf(!hasMoto)(`a machine of a node${needsMoto}`, () => {
  let user: User;
  let sandbox: Sandbox;
  let moto: Moto;
  let clients: BareClients;
  let machine: Machine;

  beforeEach(async () => {
    user = new User();
    moto = await startMoto();
    clients = bareClients(moto.endpoint);
    machine = await makeMachine(clients);
    sandbox = await startSandbox({
      ...{ directory: join(user.directory, 'cluster'), clock: systemClock, ids: systemIds, rules: EVERYTHING },
    });
    Object.assign(user.environment, FAKE_ACCOUNT, { KUBECONFIG: sandbox.kubeconfigPath });
    user.environment['AWS_ENDPOINT_URL'] = moto.endpoint;
    await bind('node1', machine.node.providerId);
  }, 120_000);
  afterEach(async () => {
    await sandbox.stop();
    await moto.stop();
    user.remove();
  });

  /** Has a node say that it is this machine. */
  async function bind(name: string, providerID: string): Promise<void> {
    const { actuator } = await openActuator(sandbox.kubeconfigPath);
    const addresses = machine.node.addresses.map((address) => ({ type: 'InternalIP', address }));
    const patch = { spec: { providerID }, status: { addresses } };
    const answer = await actuator.patch({ ...NODE, name }, { type: 'merge', patch }, { resourceVersion: null });
    if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  }

  const scene = async () => {
    const { ec2, scaling, iam, classic } = clients;
    const ids = machine.interfaces.map(({ id }) => id);
    const described = await ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: ids }));
    const protection = await ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: machine.instanceId, Attribute: 'disableApiTermination' }),
    );
    const members = await scaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [machine.instanceId] }));
    const groups = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [machine.vpc] }] }),
    );
    const { AutoScalingGroups: [group] = [] } = await scaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [machine.group] }),
    );
    const { LoadBalancerDescriptions: [balancer] = [] } = await classic.send(
      new DescribeLoadBalancersCommand({ LoadBalancerNames: [machine.classicBalancer] }),
    );
    const policies = await iam.send(new ListRolePoliciesCommand({ RoleName: machine.role }));
    return {
      groups: ids.map((id) =>
        (described.NetworkInterfaces?.find((one) => one.NetworkInterfaceId === id)?.Groups ?? [])
          .map(({ GroupId: one }) => one)
          .sort(),
      ),
      isProtected: protection.DisableApiTermination?.Value,
      lifecycle: members.AutoScalingInstances?.[0]?.LifecycleState,
      made: (groups.SecurityGroups ?? []).filter(({ GroupName: name }) => name?.startsWith('exhibit-')).length,
      policies: policies.PolicyNames,
      suspended: group?.SuspendedProcesses?.length ?? 0,
      balanced: balancer?.Instances?.length ?? 0,
    };
  };

  const BARE = ['quarantine', 'node', 'node1', '--suspect', SUSPECT, '--allow-node', 'node1', '--cloud', 'aws'];
  const GO = [...BARE, '--confirm', 'node1', '--recheck-at', 'none'];

  it('is taken out of its group and off its network, held when asked again, and given back', async () => {
    const before = await scene();
    const isolate = [...GO, '--level', 'isolate', '--keep-reachable', '10.7.0.0/16', '--suspend-scaling'];
    const held = await user.json(...isolate);
    expect(outcomesOf(held.document).filter((one) => !one.endsWith('applied'))).toEqual([]);
    expect(held.document['sideEffects']).toContainEqual(expect.stringContaining('every pod of node node1'));
    expect(held.document['sideEffects']).toContainEqual(
      expect.stringMatching(/^scaling group .* as a whole ends and replaces none of its machines/),
    );
    const during = await scene();
    expect(during).toMatchObject({ isProtected: true, lifecycle: 'Standby', made: 1, suspended: 6, balanced: 0 });
    expect(new Set(during.groups.flat()).size).toBe(1);

    const again = await user.json(...isolate);
    expect(outcomesOf(again.document).filter((one) => !one.endsWith('held'))).toEqual([]);

    const back = await user.json('release', '--yes', '--readopt');
    expect(back.document).toMatchObject({ verdict: 'released' });
    expect(await scene()).toEqual(before);
  }, 240_000);

  it('is severed only when what vanishes may be lost, with its rights, and given back with them', async () => {
    const before = await scene();
    const refused = await user.run(...GO, '--level', 'sever');
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain('--lose-volatile node1');
    expect(await scene()).toEqual(before);
    const severed = await user.json(...GO, '--level', 'sever', '--lose-volatile', 'node1');
    expect(outcomesOf(severed.document).filter((one) => !one.endsWith('applied'))).toEqual([]);
    expect((await scene()).policies).toHaveLength(1);
    const back = await user.json('release', '--yes', '--readopt');
    expect(back.document).toMatchObject({ verdict: 'released' });
    expect(await scene()).toEqual(before);
  }, 240_000);

  it('of one of two nodes is isolated, and the other is named that has none there', async () => {
    const two = ['quarantine', 'node', 'node1', 'node2', '--allow-node', 'node1', '--allow-node', 'node2'];
    const many = [...two, '--cloud', 'aws', '--level', 'isolate'];
    const refused = await user.run(...many, '--confirm', 'node1, node2');
    expect(refused.stderr).toContain('this is about 2 nodes: node1, node2');
    await bind('node2', 'gce://project/zone/name');
    const plan = await user.json(...many, '--max-nodes', '2', '--dry-run');
    expect(plan.document['notAchieved']).toContainEqual(
      expect.stringMatching(/^node node2: nothing was done to its machine: /),
    );
    const ids = (plan.document['steps'] as { subject: { instance?: string } }[]).map(({ subject }) => subject.instance);
    expect(new Set(ids.filter((id) => id !== undefined))).toEqual(new Set([machine.instanceId]));
  }, 240_000);
});
