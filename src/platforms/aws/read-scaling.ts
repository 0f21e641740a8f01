import {
  type AutoScalingGroup,
  type AutoScalingInstanceDetails,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AwsCalls } from './aws-calls.js';

/** The membership of an instance in a scaling group; `null` = it is in none. Throws `AwsCallFailed`. */
export async function readMembership(calls: AwsCalls, instanceId: string): Promise<AutoScalingInstanceDetails | null> {
  const answer = await calls.read('autoscaling:DescribeAutoScalingInstances', (sending) =>
    calls.clients.scaling.send(new DescribeAutoScalingInstancesCommand({ InstanceIds: [instanceId] }), sending),
  );
  return answer.AutoScalingInstances?.find((one) => one.InstanceId === instanceId) ?? null;
}

export async function readScalingGroup(calls: AwsCalls, name: string): Promise<AutoScalingGroup | null> {
  const answer = await calls.read('autoscaling:DescribeAutoScalingGroups', (sending) =>
    calls.clients.scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }), sending),
  );
  return answer.AutoScalingGroups?.find((one) => one.AutoScalingGroupName === name) ?? null;
}
