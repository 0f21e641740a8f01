import { stringAt, valueAt } from '../../lib/untyped.js';

/** A kind of node on which something of ours cannot work, or not as elsewhere. */
export interface NodeTrait {
  readonly name: string;
  /** What to know before the first write. */
  readonly limits: readonly string[];
  /** A pod of ours with the rights of root cannot run there. */
  readonly noCollectorPod: boolean;
  /** There is nobody to answer ssh. */
  readonly noSsh: boolean;
  /** The cloud does not let its machine be changed by its owner, or there is none. */
  readonly noInstance: boolean;
}

interface Known extends NodeTrait {
  readonly is: (node: unknown) => boolean;
}

const labelOf = (node: unknown, key: string): string => stringAt(node, 'metadata', 'labels', key) ?? '';
const osImageOf = (node: unknown): string => stringAt(node, 'status', 'nodeInfo', 'osImage') ?? '';
const nameOf = (node: unknown): string => stringAt(node, 'metadata', 'name') ?? '';
const COMPUTE = 'eks.amazonaws.com/compute-type';

const KNOWN: readonly Known[] = [
  {
    name: 'Fargate',
    is: (node) => labelOf(node, COMPUTE) === 'fargate' || nameOf(node).startsWith('fargate-'),
    limits: [
      'no collector pod and no ssh: privileged pods, DaemonSets and host paths do not exist there',
      'no machine of the account: nothing to protect, isolate or snapshot; the disk is lost with its pod',
      'the network plugin enforces no NetworkPolicy there; security groups of the pod do',
      'a cordon is of no use, because each pod has a node of its own',
    ],
    noCollectorPod: true,
    noSsh: true,
    noInstance: true,
  },
  {
    name: 'EKS Auto Mode',
    is: (node) => labelOf(node, COMPUTE) === 'auto',
    limits: [
      'the machine is managed by EKS: calls that change its attributes, groups or disks are refused to its owner',
      'no ssh; a node is replaced when it is of age, and do-not-disrupt does not stop that',
    ],
    noCollectorPod: false,
    noSsh: true,
    noInstance: true,
  },
  {
    name: 'GKE Autopilot',
    is: (node) => nameOf(node).startsWith('gk3-'),
    limits: [
      'privileged pods and host paths that are written to are refused by an admission: no collector pod',
      'the machine is managed by GKE, and no ssh leads there',
    ],
    noCollectorPod: true,
    noSsh: true,
    noInstance: true,
  },
  {
    name: 'virtual kubelet',
    is: (node) => labelOf(node, 'type') === 'virtual-kubelet',
    limits: ['there is no machine behind the node: no collector pod, no ssh, no kubelet logs, no disk'],
    noCollectorPod: true,
    noSsh: true,
    noInstance: true,
  },
  {
    name: 'Talos',
    is: (node) => osImageOf(node).startsWith('Talos'),
    limits: [
      'no shell and no ssh; a collector pod brings its own tools, where its namespace admits privileged pods',
      'no package database and no accounts: those artifacts are absent',
    ],
    noCollectorPod: false,
    noSsh: true,
    noInstance: false,
  },
  {
    name: 'Bottlerocket',
    is: (node) => osImageOf(node).startsWith('Bottlerocket'),
    limits: [
      'ssh leads into the admin container, and only where that is enabled; use a collector pod',
      'SELinux enforces, and the root file system is read-only: the data is on the second disk, which needs a snapshot of its own',
    ],
    noCollectorPod: false,
    noSsh: true,
    noInstance: false,
  },
  {
    name: 'Windows',
    is: (node) =>
      labelOf(node, 'kubernetes.io/os') === 'windows' ||
      stringAt(node, 'status', 'nodeInfo', 'operatingSystem') === 'windows',
    limits: [
      'the scripts that read nodes are for Linux: no collector pod and no ssh; the API and disk snapshots remain',
    ],
    noCollectorPod: true,
    noSsh: true,
    noInstance: false,
  },
];

/** What the node says of itself by labels, name and operating system; all of it untrusted, and a guess. */
export function traitsOf(node: unknown): readonly NodeTrait[] {
  return KNOWN.filter((known) => known.is(node)).map(({ is: _is, ...trait }) => trait);
}

/** Schemes of `spec.providerID`, and the cloud that they stand for. */
const CLOUDS: Readonly<Record<string, string>> = {
  aws: 'AWS',
  gce: 'Google Cloud',
  azure: 'Azure',
  openstack: 'OpenStack',
  vsphere: 'vSphere',
  kind: 'kind',
};

/** Which cloud a node says it is of; `null` = it says none. */
export function cloudOf(node: unknown): string | null {
  const id = valueAt(node, 'spec', 'providerID');
  const scheme = typeof id === 'string' ? (/^([a-z]{2,20}):\/\//.exec(id)?.[1] ?? '') : '';
  if (scheme === '') return null;
  return Object.hasOwn(CLOUDS, scheme) ? (CLOUDS[scheme] ?? scheme) : scheme;
}
