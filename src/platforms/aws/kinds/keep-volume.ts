import { ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { NO_INSTANCE } from '../describe-instance.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

/** DeleteOnTermination of the volume at one device. Another volume at that device is shown as what it is. */
export const keepVolume: AwsKind<'keep-volume'> = {
  gone: NO_INSTANCE,
  look: async (act, { deviceName }) => {
    const live = await liveInstance(act);
    if ('gone' in live) return live.gone;
    const mapping = live.instance.BlockDeviceMappings?.find((one) => one.DeviceName === deviceName);
    const volumeId = mapping?.Ebs?.VolumeId;
    if (volumeId === undefined) return { state: 'gone', detail: `no volume is attached as ${deviceName}` };
    return there({ deviceName, volumeId, deleteOnTermination: mapping?.Ebs?.DeleteOnTermination ?? false });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    if (from.volumeId !== view.volumeId)
      return { outcome: 'refused', detail: `${view.deviceName} is ${from.volumeId} now, not ${view.volumeId}` };
    const { deleteOnTermination } = dryRun ? from : view;
    const ebs = { DeleteOnTermination: deleteOnTermination, VolumeId: view.volumeId };
    await calls.change(
      'ec2:ModifyInstanceAttribute',
      () =>
        calls.clients.ec2Once.send(
          new ModifyInstanceAttributeCommand({
            InstanceId: subject.instance,
            BlockDeviceMappings: [{ DeviceName: view.deviceName, Ebs: ebs }],
            DryRun: dryRun,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};
