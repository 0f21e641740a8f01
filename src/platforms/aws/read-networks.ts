import { DescribeVpcsCommand, type Vpc } from '@aws-sdk/client-ec2';
import type { CloudInterface } from '../../ports/platform.js';
import type { AwsCalls } from './aws-calls.js';
import type { Gaps } from './gaps.js';

/** Networks in CIDR notation, v4 and v6, without those that are being taken away. */
function networksOf({ CidrBlock, CidrBlockAssociationSet = [], Ipv6CidrBlockAssociationSet = [] }: Vpc): string[] {
  const v4 = CidrBlockAssociationSet.filter(({ CidrBlockState: is }) => is?.State === 'associated');
  const v6 = Ipv6CidrBlockAssociationSet.filter(({ Ipv6CidrBlockState: is }) => is?.State === 'associated');
  const found = [CidrBlock, ...v4.map((one) => one.CidrBlock), ...v6.map((one) => one.Ipv6CidrBlock)];
  return [...new Set(found.filter((one): one is string => one !== undefined && one !== ''))].sort();
}

/** Interfaces with the networks of their VPCs; where these cannot be read, without, and it is said. */
export async function withNetworks(
  calls: AwsCalls,
  interfaces: readonly CloudInterface[],
  gaps: Gaps,
): Promise<readonly CloudInterface[]> {
  const ids = [...new Set(interfaces.map(({ vpc }) => vpc))].filter((id) => id !== '');
  if (ids.length === 0) return interfaces;
  const answer = await gaps.orNull('the networks of its VPC are unknown', () =>
    calls.read('ec2:DescribeVpcs', (sending) =>
      calls.clients.ec2.send(new DescribeVpcsCommand({ VpcIds: ids }), sending),
    ),
  );
  const networks = new Map((answer?.Vpcs ?? []).map((vpc) => [vpc.VpcId, networksOf(vpc)]));
  return interfaces.map((one) => {
    const vpcNetworks = networks.get(one.vpc);
    return vpcNetworks === undefined ? one : { ...one, vpcNetworks };
  });
}
