import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import { ExhibitError } from '../../model/errors.js';
import { type AwsCalls, isFailure } from './aws-calls.js';

export const NO_INSTANCE = /^InvalidInstanceID\./;

/** The account that has the instance, and what EC2 says of it; `null` = EC2 knows none of this id. Throws `AwsCallFailed`. */
export async function describeInstance(
  calls: AwsCalls,
  instanceId: string,
): Promise<{ readonly account: string; readonly instance: Instance } | null> {
  try {
    const answer = await calls.read('ec2:DescribeInstances', (sending) =>
      calls.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }), sending),
    );
    for (const { OwnerId: account = '', Instances: instances = [] } of answer.Reservations ?? [])
      for (const instance of instances) if (instance.InstanceId === instanceId) return { account, instance };
  } catch (error) {
    if (isFailure(error, NO_INSTANCE)) return null;
    throw error;
  }
  // EC2 answers for an id with that instance or an error, and with nothing else.
  throw new ExhibitError(
    'PLATFORM_UNREACHABLE',
    'what answers for EC2 told neither of the instance nor that there is none',
    {
      subject: instanceId,
    },
  );
}
