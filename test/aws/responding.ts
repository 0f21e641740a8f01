import { DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { join } from 'node:path';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.js';
import { openActuator } from '../conformance/actuator-harness.js';
import { User } from '../e2e/exhibit.js';
import { type BareClients, type Machine, makeMachine } from './machine.js';
import { FAKE_ACCOUNT } from './moto.js';

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const NODE = { group: '', version: 'v1', resource: 'nodes', namespace: null };
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'exhibit-quiet', name: 'web-659677877-v2qhz' };
const SUSPECT = `${POD.namespace}/${POD.name}`;
const NETWORK = '10.7.0.0/16';
const UUID = 'ec2f0a1b-0000-4000-8000-000000000001';

interface Made {
  readonly user: User;
  readonly machine: Machine;
  readonly sandbox: Sandbox;
}

/** A user, a cluster of their own, and a machine of moto that its first node says to be. */
export class Responding {
  readonly user: User;
  readonly machine: Machine;
  readonly #clients: BareClients;
  readonly #sandbox: Sandbox;

  private constructor(clients: BareClients, { user, machine, sandbox }: Made) {
    this.#clients = clients;
    this.user = user;
    this.machine = machine;
    this.#sandbox = sandbox;
  }

  static async open(clients: BareClients, endpoint: string): Promise<Responding> {
    const machine = await makeMachine(clients);
    const user = new User();
    const directory = join(user.directory, 'cluster');
    const sandbox = await startSandbox({ directory, clock: systemClock, ids: systemIds, rules: EVERYTHING });
    const world = new Responding(clients, { user, machine, sandbox });
    const surroundings = { KUBECONFIG: sandbox.kubeconfigPath, AWS_ENDPOINT_URL: endpoint };
    Object.assign(world.user.environment, FAKE_ACCOUNT, surroundings);
    await world.bind('node1', machine.node.providerId);
    return world;
  }

  async close(): Promise<void> {
    await this.#sandbox.stop();
    this.user.remove();
  }

  /** Has a node say that it is this machine. */
  async bind(name: string, providerID: string): Promise<void> {
    const { actuator } = await openActuator(this.#sandbox.kubeconfigPath);
    const addresses = this.machine.node.addresses.map((address) => ({ type: 'InternalIP', address }));
    const patch = { spec: { providerID }, status: { addresses, nodeInfo: { systemUUID: UUID } } };
    const answer = await actuator.patch({ ...NODE, name }, { type: 'merge', patch }, { resourceVersion: null });
    if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  }

  /** The command, as it is repeated word for word. */
  command(level: string, ...more: readonly string[]): string[] {
    const onNode = ['respond', 'node/node1', '--suspect', SUSPECT, '--allow-node', 'node1'];
    const reachable = level === 'isolate' ? ['--keep-reachable', NETWORK] : [];
    const loss = level === 'sever' ? ['--lose-volatile', 'node1'] : [];
    return [
      ...[...onNode, '--cloud', 'aws', '--level', level, ...reachable, ...loss],
      ...['--recheck-at', 'none', '--confirm', 'node1', ...more],
    ];
  }

  /** Everything that a response may change, as cluster and cloud tell it. */
  async scene() {
    return { ...(await this.#inCluster()), ...(await this.#ofMachine()), ...(await this.#ofGroups()) };
  }

  /** Snapshots of the volumes of the machine that a case has. */
  async snapshotsOf(caseId: string): Promise<readonly string[]> {
    const { ec2 } = this.#clients;
    const Filters = [{ Name: 'tag:kubexhibit.dev/case', Values: [caseId] }];
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
    return Snapshots.map(({ SnapshotId: id = '' }) => id);
  }

  async #inCluster() {
    const { actuator } = await openActuator(this.#sandbox.kubeconfigPath);
    const read = async (ref: Parameters<typeof actuator.get>[0]) => {
      const answer = await actuator.get(ref);
      if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
      const { metadata, ...rest } = answer.object as { readonly metadata: Readonly<Record<string, unknown>> };
      const { resourceVersion: _version, ...kept } = metadata;
      return { ...rest, metadata: kept };
    };
    return { node: await read({ ...NODE, name: 'node1' }), pod: await read(POD) };
  }

  async #ofMachine() {
    const { ec2, scaling } = this.#clients;
    const { instanceId } = this.machine;
    const attribute = async (Attribute: 'disableApiTermination' | 'instanceInitiatedShutdownBehavior') =>
      await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: instanceId, Attribute }));
    const described = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    const instance = described.Reservations?.[0]?.Instances?.[0];
    const members = await scaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [instanceId] }));
    const member = members.AutoScalingInstances?.[0];
    return {
      isProtected: (await attribute('disableApiTermination')).DisableApiTermination?.Value,
      shutdown: (await attribute('instanceInitiatedShutdownBehavior')).InstanceInitiatedShutdownBehavior?.Value,
      goneWithIt: instance?.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination]),
      profile: instance?.IamInstanceProfile?.Arn,
      metadata: instance?.MetadataOptions?.HttpEndpoint,
      scaling: [member?.LifecycleState, member?.ProtectedFromScaleIn],
    };
  }

  async #ofGroups() {
    const { ec2, iam } = this.#clients;
    const ids = this.machine.interfaces.map(({ id }) => id);
    const described = await ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: ids }));
    const Filters = [{ Name: 'vpc-id', Values: [this.machine.vpc] }];
    const groups = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const policies = await iam.send(new ListRolePoliciesCommand({ RoleName: this.machine.role }));
    const groupsOf = (id: string) =>
      described.NetworkInterfaces?.find((one) => one.NetworkInterfaceId === id)?.Groups?.map(({ GroupId }) => GroupId);
    return {
      groups: ids.map((id) => groupsOf(id)?.sort()),
      made: (groups.SecurityGroups ?? []).filter(({ GroupName: name }) => name?.startsWith('exhibit-')).length,
      policies: policies.PolicyNames?.length,
    };
  }
}

interface PhaseEnded {
  readonly phase: string;
  readonly outcome: string;
  readonly reason: string;
}

/** The phases of the document of a response. */
export function phasesOf(document: Readonly<Record<string, unknown>>): readonly PhaseEnded[] {
  return document['phases'] as readonly PhaseEnded[];
}
