import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
  type IamInstanceProfileAssociation,
} from '@aws-sdk/client-ec2';
import type { AwsCalls } from '../aws-calls.js';
import { NO_INSTANCE } from '../describe-instance.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

/** The association counts as made or ended as soon as EC2 works on it. Its calls have no dry run. */
export const instanceProfile: AwsKind<'instance-profile'> = {
  gone: NO_INSTANCE,
  look: async (act) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const association = await associationOf(act.calls, act.subject.instance);
    return there({ profileArn: association?.IamInstanceProfile?.Arn ?? null });
  },
  set: async ({ calls, subject }, { view, dryRun }) => {
    if (dryRun) return DONE;
    const { ec2Once } = calls.clients;
    const association = await associationOf(calls, subject.instance);
    const id = association?.AssociationId;
    if (association?.IamInstanceProfile?.Arn === view.profileArn) return DONE;
    if (id !== undefined)
      await calls.change('ec2:DisassociateIamInstanceProfile', () =>
        ec2Once.send(new DisassociateIamInstanceProfileCommand({ AssociationId: id })),
      );
    const { profileArn } = view;
    if (profileArn !== null)
      await calls.change('ec2:AssociateIamInstanceProfile', () =>
        ec2Once.send(
          new AssociateIamInstanceProfileCommand({
            IamInstanceProfile: { Arn: profileArn },
            InstanceId: subject.instance,
          }),
        ),
      );
    return DONE;
  },
};

async function associationOf(calls: AwsCalls, instanceId: string): Promise<IamInstanceProfileAssociation | null> {
  const answer = await calls.read('ec2:DescribeIamInstanceProfileAssociations', (sending) =>
    calls.clients.ec2.send(
      new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: 'instance-id', Values: [instanceId] }] }),
      sending,
    ),
  );
  return (
    answer.IamInstanceProfileAssociations?.find(
      ({ InstanceId: id, State: state }) => id === instanceId && (state === 'associated' || state === 'associating'),
    ) ?? null
  );
}
