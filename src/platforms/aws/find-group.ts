import { DescribeSecurityGroupsCommand, type SecurityGroup } from '@aws-sdk/client-ec2';
import type { AwsCalls } from './aws-calls.js';

export interface GroupName {
  readonly vpc: string;
  readonly name: string;
}

/** Of `VPC/NAME`; `null` = it is the id of a group. */
export function parseGroupName(text: string): GroupName | null {
  const [, vpc, name] = /^(vpc-[0-9a-f]{8,17})\/(.{1,255})$/.exec(text) ?? [];
  return vpc === undefined || name === undefined ? null : { vpc, name };
}

/** The one group of a name in a network: EC2 allows no two. Throws `AwsCallFailed`. */
export async function findGroup(calls: AwsCalls, { vpc, name }: GroupName): Promise<SecurityGroup | null> {
  const answer = await calls.read('ec2:DescribeSecurityGroups', (sending) =>
    calls.clients.ec2.send(
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'vpc-id', Values: [vpc] },
          { Name: 'group-name', Values: [name] },
        ],
      }),
      sending,
    ),
  );
  return answer.SecurityGroups?.find((one) => one.GroupName === name && one.VpcId === vpc) ?? null;
}
