import { randomUUID } from 'node:crypto';
import { AttachInstancesCommand, AutoScalingClient, CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { silentConstruction } from '../../src/platforms/aws/silent-construction.js';
import type { NodeMachine } from '../../src/ports/platform.js';

export const REGION = 'eu-central-1';
export const ZONE = 'eu-central-1a';

/** Clients of moto that are not ours. */
export function bareClients(endpoint: string) {
  const configuration = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
  return silentConstruction(() => ({
    ec2: new EC2Client(configuration),
    scaling: new AutoScalingClient(configuration),
    classic: new ElasticLoadBalancingClient(configuration),
    balancing: new ElasticLoadBalancingV2Client(configuration),
    iam: new IAMClient(configuration),
  }));
}
export type BareClients = ReturnType<typeof bareClients>;

export interface Machine {
  readonly instanceId: string;
  readonly vpc: string;
  /** By device index. */
  readonly interfaces: readonly { readonly id: string; readonly groups: readonly string[] }[];
  readonly group: string;
  readonly role: string;
  readonly profileArn: string;
  readonly targetGroupArn: string;
  readonly classicBalancer: string;
  readonly allocationId: string;
  readonly node: NodeMachine;
}

async function makeRole({ iam }: BareClients, name: string): Promise<string> {
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }));
  const made = await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  return made.InstanceProfile?.Arn ?? '';
}

async function makeGroups({ ec2 }: BareClients, vpc: string, name: string): Promise<string[]> {
  const ids: string[] = [];
  for (const part of ['a', 'b', 'c', 'd']) {
    const made = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: `${name}-${part}`, Description: part, VpcId: vpc }),
    );
    ids.push(made.GroupId ?? '');
  }
  return ids;
}

async function anyImage({ ec2 }: BareClients): Promise<string> {
  const { Images: images = [] } = await ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'name', Values: ['ubuntu*'] }] }),
  );
  return images.find((one) => one.RootDeviceName === '/dev/sda1')?.ImageId ?? '';
}

async function makeInterfaces(
  { ec2 }: BareClients,
  subnetId: string,
  { groups, first }: { readonly groups: readonly (readonly string[])[]; readonly first: string | undefined },
): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, each] of groups.entries()) {
    const address = index === 0 && first !== undefined ? { PrivateIpAddress: first } : {};
    const made = await ec2.send(
      new CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [...each], ...address }),
    );
    ids.push(made.NetworkInterface?.NetworkInterfaceId ?? '');
  }
  return ids;
}

/** Networks as CIDR; the address of its first interface, any where left out. */
interface Place {
  readonly network: string;
  readonly subnet: string;
  readonly address?: string;
}
const ANYWHERE: Place = { network: '10.7.0.0/16', subnet: '10.7.1.0/24' };

/**
 * A machine with three interfaces, each with other groups, an elastic address, two volumes, and a disk of its own that comes with its type;
 * in a scaling group, behind a target group and a classic load balancer, with a role.
 */
export async function makeMachine(clients: BareClients, at: Place = ANYWHERE): Promise<Machine> {
  const { ec2 } = clients;
  const name = `node-${randomUUID().slice(0, 8)}`;
  const { Vpc: network } = await ec2.send(new CreateVpcCommand({ CidrBlock: at.network }));
  const vpc = network?.VpcId ?? '';
  const { Subnet: subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: vpc, CidrBlock: at.subnet, AvailabilityZone: ZONE }),
  );
  const subnetId = subnet?.SubnetId ?? '';
  const [a = '', b = '', c = '', d = ''] = await makeGroups(clients, vpc, name);
  const profileArn = await makeRole(clients, name);
  const imageId = await anyImage(clients);
  const groups = [[a], [b], [c, d].sort()];
  const ids = await makeInterfaces(clients, subnetId, { groups, first: at.address });
  const run = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: 'm5d.large',
      MinCount: 1,
      MaxCount: 1,
      // Of an instance that was started with groups, moto shows them on each interface, whatever that has itself.
      NetworkInterfaces: ids.map((id, index) => ({ NetworkInterfaceId: id, DeviceIndex: index })),
      Placement: { AvailabilityZone: ZONE },
      IamInstanceProfile: { Arn: profileArn },
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 20, DeleteOnTermination: true } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 50, DeleteOnTermination: false, Encrypted: true } },
      ],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: name }] }],
    }),
  );
  const instance = run.Instances?.[0];
  const instanceId = instance?.InstanceId ?? '';
  const address = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  await ec2.send(new AssociateAddressCommand({ AllocationId: address.AllocationId, NetworkInterfaceId: ids[0] ?? '' }));
  return {
    ...(await intoGroups(clients, { name, vpc, subnetId, instanceId, imageId })),
    instanceId,
    vpc,
    interfaces: groups.map((each, index) => ({ id: ids[index] ?? '', groups: each })),
    role: name,
    profileArn,
    allocationId: address.AllocationId ?? '',
    node: {
      node: 'worker-1',
      providerId: `aws:///${ZONE}/${instanceId}`,
      systemUuid: 'ec2f0a1b-0000-4000-8000-000000000001',
      addresses: [instance?.PrivateIpAddress ?? '', 'worker-1'],
    },
  };
}

interface Placed {
  readonly name: string;
  readonly vpc: string;
  readonly subnetId: string;
  readonly instanceId: string;
  readonly imageId: string;
}

async function intoGroups(clients: BareClients, { name, vpc, subnetId, instanceId, imageId }: Placed) {
  const { ec2, scaling, balancing, classic } = clients;
  const made = await balancing.send(
    new CreateTargetGroupCommand({ Name: name, Protocol: 'HTTP', Port: 80, VpcId: vpc, TargetType: 'instance' }),
  );
  const targetGroupArn = made.TargetGroups?.[0]?.TargetGroupArn ?? '';
  await balancing.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: instanceId }] }));
  await classic.send(
    new CreateLoadBalancerCommand({
      LoadBalancerName: name,
      Subnets: [subnetId],
      Listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }],
    }),
  );
  await classic.send(
    new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: name, Instances: [{ InstanceId: instanceId }] }),
  );
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { ImageId: imageId, InstanceType: 't3.micro' },
    }),
  );
  await scaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: name },
      MinSize: 0,
      MaxSize: 3,
      DesiredCapacity: 0,
      VPCZoneIdentifier: subnetId,
      TargetGroupARNs: [targetGroupArn],
    }),
  );
  await scaling.send(new AttachInstancesCommand({ AutoScalingGroupName: name, InstanceIds: [instanceId] }));
  return { group: name, targetGroupArn, classicBalancer: name };
}
