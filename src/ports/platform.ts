import type { CloudActionKindName, CloudName } from '../model/cloud.js';
import type { CloudActuator } from './cloud-actuator.js';

/** Who we are there. */
export interface CloudIdentity {
  readonly account: string;
  /** As the platform names the caller: an ARN. */
  readonly principal: string;
  /** How far the platform's clock is ahead of ours, by the Date of its answer; `null` = it gave none. */
  readonly clockOffsetMs: number | null;
}

/** What Kubernetes says of a node that has a machine. */
export interface NodeMachine {
  readonly node: string;
  /** `spec.providerID`, untrusted; empty = none. */
  readonly providerId: string;
  /** `status.nodeInfo.systemUUID` and `machineID`, untrusted. */
  readonly systemUuid: string;
  readonly addresses: readonly string[];
}

export interface CloudVolume {
  readonly id: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly isRoot: boolean;
  readonly isEncrypted: boolean;
  readonly kmsKeyId: string | null;
  readonly deleteOnTermination: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface CloudInterface {
  readonly id: string;
  readonly vpc: string;
  readonly subnet: string;
  /** Networks of its VPC in CIDR notation, v4 and v6; left out = they could not be read. */
  readonly vpcNetworks?: readonly string[];
  /** Security groups, sorted by id. */
  readonly groups: readonly string[];
  readonly deviceIndex: number;
  readonly privateAddresses: readonly string[];
  readonly publicAddress: string | null;
  /** Of an address that is not the machine's own and would be lost when it is taken away. */
  readonly allocationId: string | null;
  readonly hasIpv6: boolean;
  /** `interface`, `trunk`, `branch`. */
  readonly type: string;
}

export interface ScalingMembership {
  readonly group: string;
  /** As the platform names the group for its policies, and its tags; left out = they could not be read. */
  readonly arn?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly lifecycle: string;
  readonly isProtected: boolean;
  /** Processes of the group that may end or replace a machine, and which of them are suspended, both sorted; left out = not known. */
  readonly endings?: { readonly all: readonly string[]; readonly suspended: readonly string[] };
  readonly desired: number;
  readonly min: number;
  readonly max: number;
}

/** That a load balancer sends traffic to a machine or an address of it, and no scaling group sees to that. */
export type BalancerRegistration =
  | {
      readonly type: 'target-group';
      readonly id: string;
      /** The machine and its addresses. */
      readonly ids: readonly string[];
      /** In the platform's words, sorted. */
      readonly targets: readonly string[];
    }
  | { readonly type: 'classic-balancer'; readonly id: string };

/** A machine of a cloud as it was read, with everything that containing it or taking its disks depends on. */
export interface CloudInstance {
  readonly cloud: CloudName;
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly id: string;
  readonly arn: string;
  readonly state: string;
  /** RFC 3339 UTC. */
  readonly launchedAt: string;
  readonly instanceType: string;
  readonly isSpot: boolean;
  readonly interfaces: readonly CloudInterface[];
  readonly volumes: readonly CloudVolume[];
  /** Disks that no snapshot can take. */
  readonly instanceStores: number;
  readonly terminationProtection: boolean | null;
  readonly onShutdown: 'stop' | 'terminate' | null;
  readonly profileArn: string | null;
  readonly roleName: string | null;
  /** Of the role; left out or `null` = there is none, or it could not be read. */
  readonly roleArn?: string | null;
  readonly metadataService: {
    readonly isEnabled: boolean;
    readonly tokens: 'optional' | 'required';
    readonly hopLimit: number;
  };
  readonly scaling: ScalingMembership | null;
  /** Load balancers and target groups that send traffic to it, in the platform's names. */
  readonly balancers: readonly string[];
  /** Of those, what can be ended by itself; left out = none is known. */
  readonly registrations?: readonly BalancerRegistration[];
  /** Who may replace it: `scaling-group`, `managed-node-group`, `karpenter`, `none`. */
  readonly managedBy: 'scaling-group' | 'managed-node-group' | 'karpenter' | 'none';
  readonly tags: Readonly<Record<string, string>>;
  /** What could not be read, in words: never silently left out. */
  readonly gaps: readonly string[];
  readonly requestIds: readonly string[];
}

export interface CloudRight {
  /** `ec2:ModifyInstanceAttribute` */
  readonly action: string;
  /** `null` = the platform has no way to ask. */
  readonly allowed: boolean | null;
  readonly detail: string;
}

/** A cloud whose machines are nodes. Its folder is the only importer of its SDK; what it needs is loaded on first use. */
export interface Platform {
  readonly cloud: CloudName;
  /**
   * `near`: asked in this region, also where the user's settings name none. Throws `PLATFORM_UNAUTHENTICATED` with the command that logs
   * in, `PLATFORM_UNREACHABLE`.
   */
  identity(near?: { readonly region: string }): Promise<CloudIdentity>;
  /**
   * The machine of a node, read again and matched with it. Throws `PLATFORM_UNSUITABLE` for a node of another cloud or none,
   * `TARGET_GONE`, `TARGET_REPLACED` when the machine is not the node's, `PLATFORM_DENIED`.
   */
  instanceOf(node: NodeMachine): Promise<CloudInstance>;
  /** Whether kinds of changes to the instance, and taking them back, are allowed; by dry runs where the platform has them. */
  rights(instance: CloudInstance, kinds: readonly CloudActionKindName[]): Promise<readonly CloudRight[]>;
  readonly actuator: CloudActuator;
  close(): void;
}
