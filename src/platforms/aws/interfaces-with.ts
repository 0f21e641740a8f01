import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import type { AwsCalls } from './aws-calls.js';

/** Ids of interfaces that have a security group; of very many, not all. Throws `AwsCallFailed`. */
export async function interfacesWith(calls: AwsCalls, groupId: string): Promise<readonly string[]> {
  const answer = await calls.read('ec2:DescribeNetworkInterfaces', (sending) =>
    calls.clients.ec2.send(
      new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'group-id', Values: [groupId] }] }),
      sending,
    ),
  );
  return (answer.NetworkInterfaces ?? []).flatMap(({ NetworkInterfaceId: id }) => id ?? []);
}
