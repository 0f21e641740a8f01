import { ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { NO_INSTANCE } from '../describe-instance.js';
import { readShutdownBehaviour } from '../read-attributes.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

export const shutdownBehaviour: AwsKind<'shutdown-behaviour'> = {
  gone: NO_INSTANCE,
  look: async (act) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const onShutdown = await readShutdownBehaviour(act.calls, act.subject.instance);
    return onShutdown === null
      ? { state: 'unreadable', detail: 'EC2 does not tell what happens on shutdown' }
      : there({ onShutdown });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    const { onShutdown } = dryRun ? from : view;
    await calls.change(
      'ec2:ModifyInstanceAttribute',
      () =>
        calls.clients.ec2Once.send(
          new ModifyInstanceAttributeCommand({
            InstanceId: subject.instance,
            Attribute: 'instanceInitiatedShutdownBehavior',
            Value: onShutdown,
            DryRun: dryRun,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};
