import { DescribeInstanceTypesCommand, DescribeVolumesCommand, type Instance, type Volume } from '@aws-sdk/client-ec2';
import type { CloudVolume } from '../../ports/platform.js';
import type { AwsCalls } from './aws-calls.js';
import type { Gaps } from './gaps.js';
import { tagsOf } from './tags.js';

const GIB = 1024 ** 3;

/** The attached volumes, sorted by device. */
export async function readVolumes(calls: AwsCalls, instance: Instance, gaps: Gaps): Promise<readonly CloudVolume[]> {
  const mappings = (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName: deviceName = '', Ebs: ebs }) =>
    ebs?.VolumeId === undefined
      ? []
      : [{ deviceName, id: ebs.VolumeId, deleteOnTermination: ebs.DeleteOnTermination ?? false }],
  );
  const ids = mappings.map(({ id }) => id);
  const described =
    ids.length === 0
      ? []
      : await gaps.orNull('size, encryption and tags of the volumes are unknown', async () => {
          const answer = await calls.read('ec2:DescribeVolumes', (sending) =>
            calls.clients.ec2.send(new DescribeVolumesCommand({ VolumeIds: ids }), sending),
          );
          return answer.Volumes ?? [];
        });
  const byId = new Map((described ?? []).map((volume) => [volume.VolumeId ?? '', volume]));
  if (described !== null)
    for (const id of ids.filter((one) => !byId.has(one)))
      gaps.add(`volume ${id} is attached, and EC2 does not tell of it`);
  return mappings
    .map((mapping) => volumeOf(mapping, byId.get(mapping.id), mapping.deviceName === instance.RootDeviceName))
    .sort((a, b) => (a.deviceName < b.deviceName ? -1 : 1));
}

function volumeOf(
  { id, deviceName, deleteOnTermination }: Pick<CloudVolume, 'id' | 'deviceName' | 'deleteOnTermination'>,
  volume: Volume | undefined,
  isRoot: boolean,
): CloudVolume {
  return {
    id,
    deviceName,
    sizeBytes: (volume?.Size ?? 0) * GIB,
    isRoot,
    isEncrypted: volume?.Encrypted ?? false,
    kmsKeyId: volume?.KmsKeyId ?? null,
    deleteOnTermination,
    tags: tagsOf(volume?.Tags),
  };
}

/** Disks that come with the type of the machine: EC2 tells of them nowhere else once a machine runs. */
export async function countInstanceStores(calls: AwsCalls, instance: Instance, gaps: Gaps): Promise<number> {
  const type = instance.InstanceType;
  if (type === undefined) return 0;
  const disks = await gaps.orNull('whether the machine has disks that no snapshot can take is unknown', async () => {
    const answer = await calls.read('ec2:DescribeInstanceTypes', (sending) =>
      calls.clients.ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [type] }), sending),
    );
    const known = answer.InstanceTypes?.find((one) => one.InstanceType === type);
    if (known === undefined)
      gaps.add(`EC2 does not know the type ${type}: disks that no snapshot can take were not counted`);
    return known?.InstanceStorageInfo?.Disks ?? [];
  });
  return (disks ?? []).reduce((sum, { Count: count = 0 }) => sum + count, 0);
}
