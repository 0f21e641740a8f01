import { DescribeNetworkInterfacesCommand, type Instance, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { CloudInterface } from '../../ports/platform.js';
import type { AwsCalls } from './aws-calls.js';
import type { Gaps } from './gaps.js';
import { withNetworks } from './read-networks.js';

/** Tag of an interface that the VPC CNI gives to one pod, at a trunk of the machine. */
const TRUNK_TAG = 'vpcresources.k8s.aws/trunk-eni-id';
const MAX_PAGES = 20;

/**
 * All interfaces of a machine, each with the groups that it has itself and the networks of its VPC, branches of its trunk included. The
 * listing in the description of the instance has neither branches nor the ids of elastic addresses, so it serves only where the other one is
 * not allowed, and says so.
 */
export async function readInterfaces(
  calls: AwsCalls,
  instance: Instance,
  gaps: Gaps,
): Promise<readonly CloudInterface[]> {
  const id = instance.InstanceId ?? '';
  const attached = await gaps.orNull('elastic addresses and branch interfaces are unknown', () =>
    describeAll(calls, 'attachment.instance-id', [id]),
  );
  const known = (instance.NetworkInterfaces ?? []).map((one) =>
    interfaceOf({ ...one, InterfaceType: one.InterfaceType }),
  );
  if (attached === null) return await withNetworks(calls, sorted(known), gaps);
  const own = attached.map((one) => interfaceOf(one));
  for (const { id: missing } of known.filter((one) => own.every((other) => other.id !== one.id)))
    gaps.add(`interface ${missing} is in the description of the machine and not in that of its interfaces`);
  const trunks = own.filter(({ type }) => type === 'trunk').map((one) => one.id);
  const branches =
    trunks.length === 0
      ? []
      : await gaps.orNull('branch interfaces are unknown', () => describeAll(calls, `tag:${TRUNK_TAG}`, trunks));
  const all = sorted([...own, ...(branches ?? []).map((one) => ({ ...interfaceOf(one), type: 'branch' }))]);
  return await withNetworks(calls, all, gaps);
}

async function describeAll(calls: AwsCalls, filter: string, values: string[]): Promise<readonly NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await calls.read('ec2:DescribeNetworkInterfaces', (sending) =>
      calls.clients.ec2.send(
        new DescribeNetworkInterfacesCommand({ Filters: [{ Name: filter, Values: values }], NextToken: token }),
        sending,
      ),
    );
    found.push(...(answer.NetworkInterfaces ?? []));
    token = answer.NextToken;
    if (token === undefined || token === '') return found;
  }
  return found;
}

interface DescribedInterface {
  readonly NetworkInterfaceId?: string | undefined;
  readonly VpcId?: string | undefined;
  readonly SubnetId?: string | undefined;
  readonly InterfaceType?: string | undefined;
  readonly Groups?: readonly { readonly GroupId?: string | undefined }[] | undefined;
  readonly Attachment?: { readonly DeviceIndex?: number | undefined } | undefined;
  readonly PrivateIpAddress?: string | undefined;
  readonly PrivateIpAddresses?: readonly { readonly PrivateIpAddress?: string | undefined }[] | undefined;
  readonly Association?:
    { readonly PublicIp?: string | undefined; readonly AllocationId?: string | undefined } | undefined;
  readonly Ipv6Addresses?: readonly unknown[] | undefined;
}

function interfaceOf(one: DescribedInterface): CloudInterface {
  const {
    NetworkInterfaceId: id = '',
    VpcId: vpc = '',
    SubnetId: subnet = '',
    InterfaceType: type = 'interface',
  } = one;
  const addresses = present((one.PrivateIpAddresses ?? []).map(({ PrivateIpAddress: address }) => address));
  return {
    ...{ id, vpc, subnet, type },
    ...associationOf(one),
    groups: groupIds(one.Groups),
    deviceIndex: one.Attachment?.DeviceIndex ?? 0,
    privateAddresses: addresses.length > 0 ? addresses : present([one.PrivateIpAddress]),
    hasIpv6: (one.Ipv6Addresses ?? []).length > 0,
  };
}

function associationOf({ Association: association }: DescribedInterface) {
  const { PublicIp: publicAddress = null, AllocationId: allocationId = null } = association ?? {};
  return { publicAddress, allocationId };
}

/** Sorted. */
export function groupIds(groups: DescribedInterface['Groups']): string[] {
  return present((groups ?? []).map(({ GroupId: id }) => id)).sort();
}

function present(values: readonly (string | undefined)[]): string[] {
  return values.filter((one): one is string => one !== undefined && one !== '');
}

function sorted(interfaces: readonly CloudInterface[]): readonly CloudInterface[] {
  return [...interfaces].sort((a, b) => a.deviceIndex - b.deviceIndex || (a.id < b.id ? -1 : 1));
}
