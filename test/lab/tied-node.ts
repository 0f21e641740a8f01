import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { bareClients, type BareClients, type Machine, makeMachine } from '../aws/machine.js';
import { FAKE_ACCOUNT, type Moto, startMoto } from '../aws/moto.js';
import { deleteNamespaces, kubectl, type Laboratory } from './laboratory.js';

const GUEST = resolve(import.meta.dirname, 'guest-node.sh');
const run = promisify(execFile);

/** Of each kind, what is on the node; `web` has two more replicas elsewhere, and a budget that lets none of them go. */
function workloads(node: string, image: string): readonly object[] {
  const container = { name: 'app', image, command: ['sleep', '10000'], imagePullPolicy: 'IfNotPresent' };
  const bare = { terminationGracePeriodSeconds: 0, containers: [container] };
  const here = { ...bare, nodeSelector: { 'kubernetes.io/hostname': node } };
  const of = (app: string, spec: object) => ({
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec },
  });
  const away = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
  const spread = { ...bare, affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [away] } } };
  const never = { metadata: { labels: { app: 'batch' } }, spec: { ...here, restartPolicy: 'Never' } };
  const both = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] };
  const object = (apiVersion: string, kind: string, name: string, spec: object) => ({
    ...{ apiVersion, kind, metadata: { name, labels: { app: name } }, spec },
  });
  return [
    object('networking.k8s.io/v1', 'NetworkPolicy', 'allow-all', both),
    object('apps/v1', 'Deployment', 'web', { replicas: 3, ...of('web', spread) }),
    object('v1', 'Service', 'web', { selector: { app: 'web' }, ports: [{ port: 80 }] }),
    object('policy/v1', 'PodDisruptionBudget', 'web', { minAvailable: 3, selector: { matchLabels: { app: 'web' } } }),
    object('apps/v1', 'StatefulSet', 'db', { replicas: 1, serviceName: 'db', ...of('db', here) }),
    object('apps/v1', 'DaemonSet', 'agent', of('agent', bare)),
    object('batch/v1', 'Job', 'batch', { template: never }),
    object('v1', 'Pod', 'loner', here),
  ];
}

/** What is different in the cloud while a node is contained, to be compared. */
interface CloudScene {
  /** Of each interface, by its index. */
  readonly groups: readonly (readonly string[])[];
  readonly isProtected: boolean | undefined;
  readonly onShutdown: string | undefined;
  /** Volumes that go with the machine. */
  readonly ending: readonly string[];
  readonly member: string;
  readonly groupsMade: number;
}

/** A node of the lab that is a machine of moto, with pods of every kind on it; all of it is gone after `remove`. */
export class TiedNode {
  readonly name = 'node3';
  readonly namespace: string;
  readonly #laboratory: Laboratory;
  readonly #moto: Moto;
  readonly machine: Machine;
  readonly clients: BareClients;

  private constructor(
    laboratory: Laboratory,
    moto: Moto,
    { clients, machine }: { clients: BareClients; machine: Machine },
  ) {
    this.#laboratory = laboratory;
    this.#moto = moto;
    this.machine = machine;
    this.clients = clients;
    this.namespace = `exhibit-tied-${String(process.pid)}`;
  }

  static async make(laboratory: Laboratory): Promise<TiedNode> {
    const moto = await startMoto();
    const clients = bareClients(moto.endpoint);
    const at = { network: '10.213.0.0/16', subnet: '10.213.77.0/24', address: '10.213.77.13' };
    try {
      const node = new TiedNode(laboratory, moto, { clients, machine: await makeMachine(clients, at) });
      // Otherwise it is `stop`, as at AWS.
      const change = { Attribute: 'instanceInitiatedShutdownBehavior', Value: 'terminate' } as const;
      await clients.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: node.machine.instanceId, ...change }));
      await run(GUEST, ['add', node.machine.node.providerId]);
      await kubectl(laboratory, ['create', 'namespace', node.namespace]);
      return node;
    } catch (error) {
      await moto.stop();
      throw error;
    }
  }

  /** Of the environment of the program: where the cloud is, and who asks. */
  get variables(): Readonly<Record<string, string>> {
    return { ...FAKE_ACCOUNT, AWS_ENDPOINT_URL: this.#moto.endpoint };
  }

  async apply(objects: readonly object[]): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'exhibit-objects-'));
    const path = join(folder, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await kubectl(this.#laboratory, ['apply', '-n', this.namespace, '-f', path]);
    await rm(folder, { recursive: true });
  }

  /** Until each of them runs. */
  async populate(): Promise<void> {
    const image = this.#laboratory.settings['LAB_IMAGE'] ?? '';
    await this.#static(image);
    await this.apply(workloads(this.name, image));
    const rollout = ['rollout', 'status', '--timeout=120s', '-n', this.namespace];
    for (const name of ['deployment/web', 'statefulset/db', 'daemonset/agent'])
      await kubectl(this.#laboratory, [...rollout, name]);
    const ready = ['wait', '--for=condition=Ready', '--timeout=120s', '-n', this.namespace];
    await kubectl(this.#laboratory, [...ready, 'pod', '-l', 'app in (batch,loner)']);
    await kubectl(this.#laboratory, [...ready, `pod/fixed-${this.name}`]);
  }

  async #static(image: string): Promise<void> {
    const home = dirname(dirname(this.#laboratory.settings['LAB_NODE1_VAR_LOG'] ?? ''));
    const containers = [{ name: 'app', image, command: ['sleep', '10000'], imagePullPolicy: 'IfNotPresent' }];
    const metadata = { name: 'fixed', namespace: this.namespace, labels: { app: 'fixed' } };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { terminationGracePeriodSeconds: 0, containers } };
    const folder = join(home, this.name, 'kubelet/manifests');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'fixed.json'), JSON.stringify(pod));
  }

  async snapshots(): Promise<readonly string[]> {
    const { Snapshots: all = [] } = await this.clients.ec2.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ['self'],
        Filters: [{ Name: 'tag-key', Values: ['kubexhibit.dev/attempt'] }],
      }),
    );
    return all.flatMap(({ SnapshotId: id }) => id ?? []).sort();
  }

  /** What a controller does that wants its own groups on an interface; whether it had to. */
  async reassert(index: number): Promise<boolean> {
    const wanted = this.machine.interfaces[index];
    if (wanted === undefined || (await this.groups())[index]?.join() === [...wanted.groups].join()) return false;
    const change = { NetworkInterfaceId: wanted.id, Groups: [...wanted.groups] };
    await this.clients.ec2.send(new ModifyNetworkInterfaceAttributeCommand(change));
    return true;
  }

  async groups(): Promise<readonly (readonly string[])[]> {
    const ids = this.machine.interfaces.map(({ id }) => id);
    const { NetworkInterfaces: all = [] } = await this.clients.ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: ids }),
    );
    return ids.map((id) =>
      (all.find((one) => one.NetworkInterfaceId === id)?.Groups ?? [])
        .flatMap(({ GroupId: group }) => group ?? [])
        .sort(),
    );
  }

  async scene(): Promise<CloudScene> {
    const { ec2, scaling } = this.clients;
    const InstanceId = this.machine.instanceId;
    const attribute = async (Attribute: 'disableApiTermination' | 'instanceInitiatedShutdownBehavior') =>
      await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
    const described = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
    const volumes = described.Reservations?.[0]?.Instances?.[0]?.BlockDeviceMappings ?? [];
    const members = await scaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [InstanceId] }));
    const [member] = members.AutoScalingInstances ?? [];
    const all = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [this.machine.vpc] }] }),
    );
    return {
      groups: await this.groups(),
      isProtected: (await attribute('disableApiTermination')).DisableApiTermination?.Value,
      onShutdown: (await attribute('instanceInitiatedShutdownBehavior')).InstanceInitiatedShutdownBehavior?.Value,
      ending: volumes.flatMap(({ DeviceName: device, Ebs: ebs }) =>
        ebs?.DeleteOnTermination === true ? [device ?? ''] : [],
      ),
      member: `${member?.LifecycleState ?? ''}, protected: ${String(member?.ProtectedFromScaleIn)}`,
      groupsMade: (all.SecurityGroups ?? []).filter(({ GroupName: name }) => name?.startsWith('exhibit-')).length,
    };
  }

  async remove(): Promise<void> {
    await run(GUEST, ['remove']);
    await deleteNamespaces(this.#laboratory, this.namespace);
    await this.#moto.stop();
  }
}
