import type { Volume, VolumeAttachment } from '@aws-sdk/client-ec2';
import type { StandaloneVolume } from '../../../ports/snapshots.js';
import { tagsOf } from '../tags.js';

const GIB = 1024 ** 3;

/** A volume as DescribeVolumes tells of it. One that is attached to several machines names the first. */
export function standaloneVolume(told: Volume): StandaloneVolume {
  const [attachment] = told.Attachments ?? [];
  return {
    id: told.VolumeId ?? '',
    sizeBytes: (told.Size ?? 0) * GIB,
    isRoot: false,
    isEncrypted: told.Encrypted ?? false,
    kmsKeyId: told.KmsKeyId ?? null,
    tags: tagsOf(told.Tags),
    ...attachmentOf(attachment),
    state: told.State ?? 'unknown',
  };
}

function attachmentOf(attachment: VolumeAttachment | undefined) {
  return {
    deviceName: attachment?.Device ?? '',
    deleteOnTermination: attachment?.DeleteOnTermination ?? false,
    instance: attachment?.InstanceId ?? null,
  };
}
