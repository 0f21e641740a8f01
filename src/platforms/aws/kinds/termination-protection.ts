import { ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { NO_INSTANCE } from '../describe-instance.js';
import { readTerminationProtection } from '../read-attributes.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

/** DisableApiTermination. EC2 refuses it for spot instances, and a scaling group does not heed it. */
export const terminationProtection: AwsKind<'termination-protection'> = {
  gone: NO_INSTANCE,
  look: async (act) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const isProtected = await readTerminationProtection(act.calls, act.subject.instance);
    return isProtected === null
      ? { state: 'unreadable', detail: 'EC2 does not tell whether the machine is protected' }
      : there({ isProtected });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    const { isProtected } = dryRun ? from : view;
    await calls.change(
      'ec2:ModifyInstanceAttribute',
      () =>
        calls.clients.ec2Once.send(
          new ModifyInstanceAttributeCommand({
            InstanceId: subject.instance,
            DisableApiTermination: { Value: isProtected },
            DryRun: dryRun,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};
