import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '../../src/lib/clock.js';
import { type AwsPlatformOptions, createAwsPlatform } from '../../src/platforms/aws/aws-platform.js';
import type { Platform } from '../../src/ports/platform.js';
import { type BareClients, bareClients, type Machine, makeMachine, REGION, ZONE } from './machine.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

describe.skipIf(!hasMoto)(`a machine of AWS as it is read${needsMoto}`, () => {
  let moto: Moto;
  let bare: BareClients;
  let machine: Machine;
  let platform: Platform;

  beforeAll(async () => {
    moto = await startMoto();
    bare = bareClients(moto.endpoint);
    machine = await makeMachine(bare);
  });
  afterAll(() => moto.stop());
  beforeEach(() => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    platform = open();
  });
  afterEach(() => platform.close());

  const open = (options: Partial<AwsPlatformOptions> = {}): Platform =>
    createAwsPlatform({
      endpoint: moto.endpoint,
      variables: FAKE_ACCOUNT,
      clock: systemClock,
      requestLog: null,
      signal: undefined,
      userAgent: 'exhibit/test',
      ...options,
    });

  it('says who we are, and how far the clocks are apart', async () => {
    const { account, principal, clockOffsetMs } = await platform.identity();
    expect({ account, principal }).toEqual({
      account: '123456789012',
      principal: 'arn:aws:sts::123456789012:user/moto',
    });
    expect(Math.abs(clockOffsetMs ?? Infinity)).toBeLessThan(60_000);
  });

  it('has each interface with its own groups, each volume, the disk that no snapshot takes, and who may end it', async () => {
    const read = await platform.instanceOf(machine.node);
    expect(read.gaps).toEqual([]);
    expect(read).toMatchObject({
      cloud: 'aws',
      account: '123456789012',
      region: REGION,
      zone: ZONE,
      id: machine.instanceId,
      arn: `arn:aws:ec2:${REGION}:123456789012:instance/${machine.instanceId}`,
      state: 'running',
      isSpot: false,
      instanceStores: 1,
      terminationProtection: false,
      onShutdown: 'stop',
      profileArn: machine.profileArn,
      roleName: machine.role,
      metadataService: { isEnabled: true, tokens: 'optional', hopLimit: 1 },
      managedBy: 'scaling-group',
      tags: { Name: machine.role },
    });
    expect(read.interfaces.map(({ id, groups }) => ({ id, groups }))).toEqual(machine.interfaces);
    expect(new Set(read.interfaces.flatMap(({ vpcNetworks }) => vpcNetworks))).toEqual(new Set(['10.7.0.0/16']));
    expect(read.interfaces.map(({ allocationId }) => allocationId)).toEqual([machine.allocationId, null, null]);
    expect(
      read.volumes.map(({ deviceName, sizeBytes, isEncrypted, isRoot, deleteOnTermination }) => [
        ...[deviceName, sizeBytes / 1024 ** 3, isEncrypted, isRoot, deleteOnTermination],
      ]),
    ).toEqual([
      ['/dev/sda1', 20, false, true, true],
      ['/dev/sdf', 50, true, false, false],
    ]);
    expect(read.roleArn).toBe(`arn:aws:iam::${read.account}:role/${machine.role}`);
    expect(read.registrations).toEqual([{ type: 'classic-balancer', id: machine.classicBalancer }]);
    expect(read.scaling).toEqual({
      group: machine.group,
      arn: expect.stringContaining(`:autoScalingGroupName/${machine.group}`) as string,
      tags: {},
      endings: { all: expect.arrayContaining(['ReplaceUnhealthy', 'Terminate']) as string[], suspended: [] },
      lifecycle: 'InService',
      isProtected: false,
      ...{ desired: 1, min: 0, max: 3 },
    });
    expect(read.balancers).toEqual([machine.targetGroupArn, machine.classicBalancer].sort());
    expect(read.requestIds.length).toBeGreaterThan(5);
  });

  it('is the error of the one node that the cloud does not know, and never the other machine', async () => {
    const unknown = { ...machine.node, node: 'worker-2', providerId: `aws:///${ZONE}/i-0123456789abcdef0` };
    await expect(platform.instanceOf(unknown)).rejects.toMatchObject({
      code: 'TARGET_GONE',
      subject: 'node worker-2, i-0123456789abcdef0',
    });
    expect((await platform.instanceOf(machine.node)).id).toBe(machine.instanceId);
  });

  it('refuses a machine in another zone than the node says, and a node of another region than was given', async () => {
    const moved = { ...machine.node, providerId: `aws:///eu-central-1b/${machine.instanceId}` };
    await expect(platform.instanceOf(moved)).rejects.toMatchObject({ code: 'TARGET_REPLACED' });
    await expect(open({ region: 'us-east-1' }).instanceOf(machine.node)).rejects.toMatchObject({
      code: 'PLATFORM_UNSUITABLE',
      message: 'the node is in eu-central-1, not in us-east-1',
    });
  });

  it('says of a system UUID that is not of EC2, and of one that is missing, that nothing was compared', async () => {
    const uuid = '4c4c4544-0000-2010-8000-000000000001';
    expect((await platform.instanceOf({ ...machine.node, systemUuid: uuid })).gaps).toHaveLength(1);
    expect((await platform.instanceOf({ ...machine.node, systemUuid: '' })).gaps).toHaveLength(1);
  });

  it('knows a machine that was ended as gone, although EC2 still tells of it', async () => {
    const other = await makeMachine(bare);
    await bare.ec2.send(new TerminateInstancesCommand({ InstanceIds: [other.instanceId] }));
    await expect(platform.instanceOf(other.node)).rejects.toMatchObject({ code: 'TARGET_GONE' });
  });

  it('asks for each right to do and to undo, and admits where the platform cannot tell', async () => {
    const instance = await platform.instanceOf(machine.node);
    const rights = await platform.rights(instance, ['termination-protection', 'interface-groups', 'group-membership']);
    expect(rights.map(({ action, allowed }) => [action, allowed])).toEqual([
      ['autoscaling:AttachInstances', null],
      ['autoscaling:DetachInstances', null],
      ['autoscaling:EnterStandby', null],
      ['autoscaling:ExitStandby', null],
      ['ec2:ModifyInstanceAttribute', true],
      ['ec2:ModifyNetworkInterfaceAttribute', true],
    ]);
    expect(await platform.instanceOf(machine.node)).toMatchObject({ interfaces: instance.interfaces });
  });
});
