import { SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import { NO_INSTANCE } from '../describe-instance.js';
import { readMembership } from '../read-scaling.js';
import { type AwsKind, DONE, there } from './aws-kind.js';

/** Keeps a scaling group from choosing the machine when it shrinks; not from replacing one that it finds unhealthy. */
export const scaleInProtection: AwsKind<'scale-in-protection'> = {
  gone: NO_INSTANCE,
  look: async ({ calls, subject }) => {
    const member = await readMembership(calls, subject.instance);
    if (member === null) return { state: 'gone', detail: `${subject.instance} is in no scaling group` };
    return there({ group: member.AutoScalingGroupName ?? '', isProtected: member.ProtectedFromScaleIn ?? false });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    if (from.group !== view.group)
      return { outcome: 'refused', detail: `the machine is in the group ${from.group} now, not in ${view.group}` };
    if (dryRun) return DONE;
    await calls.change(
      'autoscaling:SetInstanceProtection',
      () =>
        calls.clients.scalingOnce.send(
          new SetInstanceProtectionCommand({
            AutoScalingGroupName: view.group,
            InstanceIds: [subject.instance],
            ProtectedFromScaleIn: view.isProtected,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};
