import { ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { NO_INSTANCE } from '../describe-instance.js';
import { metadataServiceOf } from '../metadata-access-of.js';
import { type AwsKind, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

export const metadataService: AwsKind<'metadata-service'> = {
  gone: NO_INSTANCE,
  look: async (act) => {
    const live = await liveInstance(act);
    return 'gone' in live ? live.gone : there(metadataServiceOf(live.instance));
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    const { isEnabled, tokens, hopLimit } = dryRun ? from : view;
    // EC2 keeps tokens and hops of a service that is closed, and takes no others for it.
    const open = { HttpEndpoint: 'enabled', HttpTokens: tokens, HttpPutResponseHopLimit: hopLimit } as const;
    await calls.change(
      'ec2:ModifyInstanceMetadataOptions',
      () =>
        calls.clients.ec2Once.send(
          new ModifyInstanceMetadataOptionsCommand({
            InstanceId: subject.instance,
            ...(isEnabled ? open : { HttpEndpoint: 'disabled' }),
            DryRun: dryRun,
          }),
        ),
      { idempotent: true },
    );
    return DONE;
  },
};
