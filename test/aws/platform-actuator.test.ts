import {
  CreateTagsCommand,
  DescribeSecurityGroupsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { JSONType } from 'zod';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import type { CloudStep } from '../../src/model/action.js';
import type { CloudActionKindName, CloudSubject } from '../../src/model/cloud.js';
import { createAwsPlatform } from '../../src/platforms/aws/aws-platform.js';
import type { CloudInstance, Platform } from '../../src/ports/platform.js';
import { judgeContainment } from '../../src/workflows/quarantine/verdict.js';
import { verifyContainment } from '../../src/workflows/quarantine/verify/verify-containment.js';
import {
  CASE_TOKEN,
  changeOf,
  type CloudChange,
  look,
  type PlatformHarness,
  platformContract,
  set,
  viewNow,
} from '../conformance/platform-contract.js';
import { lookingAfter } from './looking-after.js';
import { type BareClients, bareClients, type Machine, makeMachine, REGION } from './machine.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const RULES = {
  ingress: ['tcp 10250 10.7.0.0/16', 'tcp 30000-32767 ::/0'],
  egress: ['tcp 443 10.7.0.0/16', 'tcp 443 2001:DB8:0:0::/32', 'tcp 6443 10.7.0.0/16', 'udp 53 10.7.0.2/32'],
};

describe.skipIf(!hasMoto)(`changes to a machine of AWS${needsMoto}`, () => {
  let moto: Moto;
  let bare: BareClients;
  let machine: Machine;
  let instance: CloudInstance;
  let platform: Platform;
  /** Each test leaves the machine as it was; groups that it made may stay, under names of its own. */
  let plans = 0;

  beforeAll(async () => {
    moto = await startMoto();
    bare = bareClients(moto.endpoint);
    machine = await makeMachine(bare);
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    plans += 1;
    platform = createAwsPlatform({
      endpoint: moto.endpoint,
      variables: FAKE_ACCOUNT,
      clock: systemClock,
      requestLog: null,
      signal: undefined,
      userAgent: 'exhibit/test',
    });
    instance = await platform.instanceOf(machine.node);
  });
  afterEach(() => platform.close());

  const subjectOf = (type: CloudSubject['type'], id: string): CloudSubject => ({
    cloud: 'aws',
    account: instance.account,
    region: REGION,
    type,
    id,
    instance: machine.instanceId,
  });
  const changes = (): readonly CloudChange[] => {
    const itself = subjectOf('instance', machine.instanceId);
    const member = subjectOf('scaling-group-member', machine.group);
    const [volume] = instance.volumes;
    const { metadataService } = instance;
    const deviceName = volume?.deviceName ?? '';
    const of = { deviceName, volumeId: volume?.id ?? '' };
    const name = `exhibit-${CASE_TOKEN}-${String(plans)}`;
    const inGroup = { group: machine.group, state: 'in-service', decrementsDesired: true };
    const denial = { policyName: 'exhibit-x', instance: instance.arn, issuedBeforeAt: '2026-11-22T17:00:00.000Z' };
    return [
      changeTo('termination-protection', itself, { isProtected: false }, { isProtected: true }),
      changeTo('shutdown-behaviour', itself, { onShutdown: 'stop' }, { onShutdown: 'terminate' }),
      changeTo('keep-volume', itself, { ...of, deleteOnTermination: true }, { ...of, deleteOnTermination: false }),
      changeTo(
        ...(['scale-in-protection', member] as const),
        { group: machine.group, isProtected: false },
        { group: machine.group, isProtected: true },
      ),
      changeTo(
        ...(['scaling-processes', subjectOf('scaling-group', machine.group)] as const),
        { group: machine.group, suspended: [] },
        { group: machine.group, suspended: [...(instance.scaling?.endings?.all ?? [])] },
      ),
      changeTo(
        ...(['balancer-targets', subjectOf('target-group', machine.targetGroupArn)] as const),
        { ids: [machine.instanceId], targets: [`${machine.instanceId} 80`] },
        { ids: [machine.instanceId], targets: [] },
      ),
      changeTo(
        ...(['classic-balancer', subjectOf('classic-balancer', machine.classicBalancer)] as const),
        { isRegistered: true },
        { isRegistered: false },
      ),
      changeTo('group-membership', member, inGroup, { ...inGroup, state: 'standby' }),
      changeTo('quarantine-group', subjectOf('security-group', `${machine.vpc}/${name}`), null, {
        ...{ vpc: machine.vpc, name },
        ...RULES,
      }),
      changeTo(
        ...(['interface-groups', subjectOf('network-interface', machine.interfaces[2]?.id ?? '')] as const),
        { groups: [...(machine.interfaces[2]?.groups ?? [])] },
        { groups: [...(machine.interfaces[0]?.groups ?? [])] },
      ),
      changeTo('metadata-service', itself, { ...metadataService }, { ...metadataService, isEnabled: false }),
      changeTo('instance-profile', itself, { profileArn: machine.profileArn }, { profileArn: null }),
      changeTo('deny-sessions', subjectOf('role', machine.role), null, denial),
    ];
  };
  const harness = (): PlatformHarness => ({
    platform,
    node: machine.node,
    instance,
    changes: changes(),
    ended: async () => {
      const { instanceId } = await makeMachine(bare);
      await bare.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
      return instanceId;
    },
  });

  platformContract(harness);

  it('gives each of three interfaces one group that the plan made, by its name, and then its own groups back', async () => {
    const group = changeOf(harness(), 'quarantine-group');
    await set(harness(), group, { from: group.before, view: group.intended });
    const puts = machine.interfaces.map(({ id, groups }) =>
      changeTo(
        ...(['interface-groups', subjectOf('network-interface', id)] as const),
        { groups: [...groups] },
        { groups: [group.subject.id] },
      ),
    );
    for (const one of puts) {
      expect(await set(harness(), one, { from: one.before, view: one.intended })).toMatchObject({ outcome: 'done' });
      expect(await viewNow(harness(), one)).toEqual(one.intended);
    }
    const [first] = puts;
    expect(await set(harness(), group, { from: group.intended, view: null })).toMatchObject({
      outcome: 'refused',
      isDenied: false,
    });
    expect(first && (await viewNow(harness(), first))).toEqual({ groups: [group.subject.id] });
    for (const one of puts) await set(harness(), one, { from: one.intended, view: one.before });
    expect((await platform.instanceOf(machine.node)).interfaces).toEqual(instance.interfaces);
  });

  it('shows that somebody put the groups of one interface back', async () => {
    const group = changeOf(harness(), 'quarantine-group');
    await set(harness(), group, { from: group.before, view: group.intended });
    const [{ id, groups } = { id: '', groups: [] }] = machine.interfaces;
    const put = changeTo(
      ...(['interface-groups', subjectOf('network-interface', id)] as const),
      { groups: [...groups] },
      { groups: [group.subject.id] },
    );
    await set(harness(), put, { from: put.before, view: put.intended });
    await bare.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: [...groups] }));
    expect(await viewNow(harness(), put)).toEqual(put.before);
    expect((await platform.instanceOf(machine.node)).interfaces).toEqual(instance.interfaces);
  });

  it('is seen at the look after 30 s to have had its groups put back by a controller, and the verdict names it', async () => {
    const group = changeOf(harness(), 'quarantine-group');
    await set(harness(), group, { from: group.before, view: group.intended });
    const [{ id, groups } = { id: '', groups: [] }] = machine.interfaces;
    const subject = subjectOf('network-interface', id);
    const put = changeTo('interface-groups', subject, { groups: [...groups] }, { groups: [group.subject.id] });
    await set(harness(), put, { from: put.before, view: put.intended });
    const { endedUs, ...deps } = lookingAfter(platform, async (seconds) => {
      if (seconds < 30) return;
      await bare.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: [...groups] }));
    });
    const step: CloudStep = {
      ...{ step: 1, name: put.kind, kind: put.kind, phase: 'contain', subject, needs: [] },
      ...{ before: put.before, intended: put.intended, reversibility: 'exact', undo: '' },
    };
    const evidence = await verifyContainment(
      { plan: 'p1', subject: 'node', suspects: [], request: { recheckAtSeconds: [20, 30, 60], destinations: [] } },
      { steps: [step], failures: [], flowsBefore: null, endedUs },
      deps,
    );
    expect(evidence.rounds.map(({ afterSeconds, lost }) => [afterSeconds, lost.map(({ state }) => state)])).toEqual([
      ...[0, 20].map((seconds) => [seconds, []]),
      ...[30, 60].map((seconds) => [seconds, ['differs']]),
    ]);
    expect(evidence.rounds[2]?.lost[0]?.now).toEqual({ groups: [...groups] });
    const { verdict, reasons } = judgeContainment(evidence);
    expect(verdict).not.toBe('verified');
    expect(reasons.join('\n')).toContain(id);
  });

  it('leaves no way out in a new group, v4 or v6, and tags it when it is made', async () => {
    const group = changeOf(harness(), 'quarantine-group');
    const [vpc = '', name = ''] = group.subject.id.split('/');
    const nothing = { vpc, name, ingress: [], egress: [] };
    await set(harness(), group, { from: null, view: nothing });
    const { SecurityGroups: found = [] } = await bare.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'tag:kubexhibit.dev/case', Values: [CASE_TOKEN] },
          { Name: 'group-name', Values: [name] },
          { Name: 'vpc-id', Values: [vpc] },
        ],
      }),
    );
    expect(found.map((one) => [one.GroupName, one.IpPermissions, one.IpPermissionsEgress])).toEqual([[name, [], []]]);
  });

  it('does not touch a group of the same name that another case made', async () => {
    const group = changeOf(harness(), 'quarantine-group');
    await set(harness(), group, { from: null, view: group.intended });
    const [vpc = '', name = ''] = group.subject.id.split('/');
    const { SecurityGroups: found = [] } = await bare.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'group-name', Values: [name] },
          { Name: 'vpc-id', Values: [vpc] },
        ],
      }),
    );
    await bare.ec2.send(
      new CreateTagsCommand({
        Resources: found.map((one) => one.GroupId ?? ''),
        Tags: [{ Key: 'kubexhibit.dev/case', Value: 'another' }],
      }),
    );
    expect(await set(harness(), group, { from: group.intended, view: null })).toMatchObject({ outcome: 'refused' });
    expect(await set(harness(), group, { from: null, view: group.intended })).toMatchObject({ outcome: 'refused' });
    expect(await viewNow(harness(), group)).toEqual(group.intended);
  });

  it('lets a group want one instance less, and one more on the way back, only where that was decided', async () => {
    const desired = async (): Promise<number | undefined> => {
      const answer = await bare.scaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [machine.group] }),
      );
      return answer.AutoScalingGroups?.[0]?.DesiredCapacity;
    };
    const member = changeOf(harness(), 'group-membership');
    const detached = { group: machine.group, state: 'detached', decrementsDesired: true };
    await set(harness(), member, { from: member.before, view: detached });
    expect([await viewNow(harness(), { ...member, intended: detached }), await desired()]).toEqual([detached, 0]);
    expect(await set(harness(), member, { from: detached, view: { ...detached, state: 'standby' } })).toMatchObject({
      outcome: 'refused',
    });
    await set(harness(), member, { from: detached, view: member.before });
    expect([await viewNow(harness(), member), await desired()]).toEqual([member.before, 1]);
  });

  it('resumes what this case suspended in a group, and nothing that others did', async () => {
    const suspended = async (): Promise<readonly (string | undefined)[]> => {
      const answer = await bare.scaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [machine.group] }),
      );
      return (answer.AutoScalingGroups?.[0]?.SuspendedProcesses ?? []).map(({ ProcessName: name }) => name).sort();
    };
    const theirs = { AutoScalingGroupName: machine.group, ScalingProcesses: ['Launch', 'Terminate'] };
    await bare.scaling.send(new SuspendProcessesCommand(theirs));
    const change = changeOf(harness(), 'scaling-processes');
    const before = (await platform.instanceOf(machine.node)).scaling?.endings?.suspended;
    expect(before).toEqual(['Terminate']);
    const from = { group: machine.group, suspended: ['Terminate'] };
    await set(harness(), change, { from, view: change.intended });
    expect(await suspended()).toEqual([...(instance.scaling?.endings?.all ?? []), 'Launch'].sort());
    expect(await viewNow(harness(), change)).toEqual(change.intended);
    await set(harness(), change, { from: change.intended, view: from });
    expect(await suspended()).toEqual(['Launch', 'Terminate']);
    await bare.scaling.send(new ResumeProcessesCommand(theirs));
  });

  it('gives a target its port back, and leaves those of other machines where they are', async () => {
    const other = { Id: '10.7.1.200', Port: 8080 };
    const change = changeOf(harness(), 'balancer-targets');
    const { id: arn } = change.subject;
    await bare.balancing.send(new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [other] }));
    const targets = async () =>
      (
        await bare.balancing.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }))
      ).TargetHealthDescriptions?.map(({ Target: target }) => `${target?.Id ?? ''} ${String(target?.Port)}`).sort();
    const before = await targets();
    await set(harness(), change, { from: change.before, view: change.intended });
    expect(await targets()).toEqual(['10.7.1.200 8080']);
    await set(harness(), change, { from: change.intended, view: change.before });
    expect(await targets()).toEqual(before);
    await bare.balancing.send(new DeregisterTargetsCommand({ TargetGroupArn: arn, Targets: [other] }));
  });

  it.each<readonly [CloudActionKindName, CloudSubject['type'], string]>([
    ['interface-groups', 'network-interface', 'eni-0123456789abcdef0'],
    ['scaling-processes', 'scaling-group', 'nobody'],
    ['classic-balancer', 'classic-balancer', 'nobody'],
    [
      ...(['balancer-targets', 'target-group'] as const),
      'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/nobody/50dc6c495c0c9188',
    ],
    ['deny-sessions', 'role', 'nobody'],
  ])('%s of something that is not there is gone', async (kind, type, id) => {
    const one = { ...changeOf(harness(), kind), subject: subjectOf(type, id) };
    expect(await look(harness(), one)).toMatchObject({ state: 'gone' });
  });
});

function changeTo(
  kind: CloudActionKindName,
  subject: CloudSubject,
  before: JSONType,
  ...[intended]: [JSONType]
): CloudChange {
  return { kind, subject, before, intended };
}
