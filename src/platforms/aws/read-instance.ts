import type { AutoScalingGroup, AutoScalingInstanceDetails } from '@aws-sdk/client-auto-scaling';
import { GetInstanceProfileCommand } from '@aws-sdk/client-iam';
import { toRfc3339 } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { BalancerRegistration, CloudInstance, NodeMachine, ScalingMembership } from '../../ports/platform.js';
import type { AwsCalls } from './aws-calls.js';
import { arnOf } from './arn.js';
import { describeInstance } from './describe-instance.js';
import { ENDING_PROCESSES, suspendedOf } from './ending-processes.js';
import { Gaps } from './gaps.js';
import { metadataServiceOf } from './metadata-access-of.js';
import { managedBy } from './managed-by.js';
import { assertMachineOf } from './match-node.js';
import type { AwsMachine } from './provider-id.js';
import { readShutdownBehaviour, readTerminationProtection } from './read-attributes.js';
import { readClassicBalancers, readTargetGroups } from './read-balancers.js';
import { readInterfaces } from './read-interfaces.js';
import { readMembership, readScalingGroup } from './read-scaling.js';
import { countInstanceStores, readVolumes } from './read-volumes.js';
import { tagsOf } from './tags.js';

/** The machine of a node, with all that could be read of it. Throws as `Platform.instanceOf`, and `AwsCallFailed`. */
export async function readInstance(calls: AwsCalls, node: NodeMachine, machine: AwsMachine): Promise<CloudInstance> {
  const found = await describeInstance(calls, machine.instanceId);
  if (found === null)
    throw new ExhibitError('TARGET_GONE', `EC2 knows no such instance in ${machine.region} and this account`, {
      subject: `node ${node.node}, ${machine.instanceId}`,
      hints: [`aws ec2 describe-instances --region ${machine.region} --instance-ids ${machine.instanceId}`],
    });
  const { account, instance } = found;
  const gaps = new Gaps(calls);
  for (const gap of assertMachineOf(node, machine, instance)) gaps.add(gap);
  const id = machine.instanceId;
  const interfaces = await readInterfaces(calls, instance, gaps);
  const volumes = await readVolumes(calls, instance, gaps);
  const scaling = await readScaling(calls, id, gaps);
  const tags = tagsOf(instance.Tags);
  const profileArn = instance.IamInstanceProfile?.Arn ?? null;
  return {
    cloud: 'aws',
    account,
    region: machine.region,
    zone: machine.zone,
    id,
    arn: arnOf({ service: 'ec2', region: machine.region, account, resource: `instance/${id}` }),
    state: instance.State?.Name ?? 'unknown',
    launchedAt: toRfc3339(instance.LaunchTime?.getTime() ?? 0),
    instanceType: instance.InstanceType ?? '',
    isSpot: instance.InstanceLifecycle === 'spot',
    interfaces,
    volumes,
    instanceStores: await countInstanceStores(calls, instance, gaps),
    terminationProtection: await gaps.orNull('termination protection is unknown', () =>
      readTerminationProtection(calls, id),
    ),
    onShutdown: await gaps.orNull('what happens on shutdown is unknown', () => readShutdownBehaviour(calls, id)),
    profileArn,
    ...(await readRole(calls, profileArn, gaps)),
    metadataService: metadataServiceOf(instance),
    scaling: scaling?.membership ?? null,
    ...(await readBalancers(calls, { id, interfaces, scaling }, gaps)),
    managedBy: managedBy(tags, scaling !== null),
    tags,
    gaps: gaps.sentences,
    requestIds: calls.requestIds,
  };
}

interface Scaling {
  readonly membership: ScalingMembership;
  readonly balancers: readonly string[];
}

async function readScaling(calls: AwsCalls, id: string, gaps: Gaps): Promise<Scaling | null> {
  const member = await gaps.orNull('whether a scaling group may end the machine is unknown', () =>
    readMembership(calls, id),
  );
  const name = member?.AutoScalingGroupName;
  if (member === null || name === undefined) return null;
  const group = await gaps.orNull(`the size of the scaling group ${name} is unknown`, () =>
    readScalingGroup(calls, name),
  );
  return {
    membership: membershipOf(name, member, group),
    balancers: [...(group?.TargetGroupARNs ?? []), ...(group?.LoadBalancerNames ?? [])],
  };
}

function membershipOf(
  group: string,
  { LifecycleState: lifecycle = 'unknown', ProtectedFromScaleIn: isProtected = false }: AutoScalingInstanceDetails,
  sizes: AutoScalingGroup | null,
): ScalingMembership {
  const { DesiredCapacity: desired = 0, MinSize: min = 0, MaxSize: max = 0, AutoScalingGroupARN: arn } = sizes ?? {};
  const named = arn === undefined ? {} : { arn, tags: tagsOf(sizes?.Tags) };
  const endings = sizes === null ? {} : { endings: { all: ENDING_PROCESSES, suspended: suspendedOf(sizes) } };
  return { group, ...named, lifecycle, isProtected, ...endings, desired, min, max };
}

type Role = Pick<CloudInstance, 'roleName' | 'roleArn'>;
const NO_ROLE: Role = { roleName: null, roleArn: null };

async function readRole(calls: AwsCalls, profileArn: string | null, gaps: Gaps): Promise<Role> {
  const name = profileArn?.split('/').at(-1);
  if (name === undefined || name === '') return NO_ROLE;
  const role = await gaps.orNull(`the role of the instance profile ${name} is unknown`, async () => {
    const answer = await calls.read('iam:GetInstanceProfile', (sending) =>
      calls.clients.iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }), sending),
    );
    const [first] = answer.InstanceProfile?.Roles ?? [];
    return { roleName: first?.RoleName ?? null, roleArn: first?.Arn ?? null };
  });
  return role ?? NO_ROLE;
}

interface Balanced {
  readonly id: string;
  readonly interfaces: CloudInstance['interfaces'];
  readonly scaling: Scaling | null;
}

/** What a scaling group has put the machine into, it takes it out of by itself. */
async function readBalancers(
  calls: AwsCalls,
  { id, interfaces, scaling }: Balanced,
  gaps: Gaps,
): Promise<Pick<CloudInstance, 'balancers' | 'registrations'>> {
  const machine = {
    instanceId: id,
    vpcs: interfaces.map(({ vpc }) => vpc),
    addresses: interfaces.flatMap(({ privateAddresses }) => privateAddresses),
  };
  const classic = await readClassicBalancers(calls, id, gaps);
  const found: readonly BalancerRegistration[] = [
    ...(await readTargetGroups(calls, machine, gaps)),
    ...classic.map((name) => ({ type: 'classic-balancer', id: name }) as const),
  ];
  const ofGroup = scaling?.balancers ?? [];
  const registrations = found
    .filter((one) => !ofGroup.includes(one.id))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  return { balancers: [...new Set([...ofGroup, ...found.map((one) => one.id)])].sort(), registrations };
}
