import { ExhibitError } from '../../model/errors.js';
import type { SnapshotService } from '../../ports/snapshots.js';
import type { SnapshotSource } from './snapshot-source.js';
import { tagsLeftText } from './tags-to-copy.js';

/** Volumes by themselves, each a snapshot of its own. Throws `TARGET_GONE` for one that is not there, `PLATFORM_*`. */
export async function volumeSource(
  ids: readonly string[],
  { account, claim }: { readonly account: string; readonly claim: string | null },
  service: SnapshotService,
): Promise<SnapshotSource> {
  const volumes = await service.volumes(ids);
  const { region } = service;
  const missing = ids.find((id) => !volumes.some((volume) => volume.id === id));
  if (missing !== undefined)
    throw new ExhibitError('TARGET_GONE', `there is no volume ${missing} in ${region}`, {
      subject: missing,
      hints: [`aws ec2 describe-volumes --region ${region} --volume-ids ${missing}`],
      safe: 'Nothing was changed.',
    });
  return {
    ...{ account, region, node: null, instance: null, left: [], instanceStores: 0 },
    gaps: volumes.flatMap((volume) => tagsLeftText([volume], false)),
    wanted: volumes.map(({ id, deviceName, sizeBytes, isRoot, isEncrypted, kmsKeyId, tags }) => ({
      ...{ id, deviceName, sizeBytes, isRoot, isEncrypted, kmsKeyId, tags, claim },
    })),
  };
}
