import { DescribeInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import type { AwsCalls } from './aws-calls.js';

const PERMISSION = 'ec2:DescribeInstanceAttribute';

/** `null` = EC2 gave no such attribute. Throws `AwsCallFailed`. */
export async function readTerminationProtection(calls: AwsCalls, instanceId: string): Promise<boolean | null> {
  const answer = await calls.read(PERMISSION, (sending) =>
    calls.clients.ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: instanceId, Attribute: 'disableApiTermination' }),
      sending,
    ),
  );
  return answer.DisableApiTermination?.Value ?? null;
}

/** As `readTerminationProtection`. */
export async function readShutdownBehaviour(calls: AwsCalls, instanceId: string): Promise<'stop' | 'terminate' | null> {
  const answer = await calls.read(PERMISSION, (sending) =>
    calls.clients.ec2.send(
      new DescribeInstanceAttributeCommand({
        InstanceId: instanceId,
        Attribute: 'instanceInitiatedShutdownBehavior',
      }),
      sending,
    ),
  );
  const value = answer.InstanceInitiatedShutdownBehavior?.Value;
  return value === 'stop' || value === 'terminate' ? value : null;
}
