import type { SnapshotRecord } from '../../model/external.js';
import type { SnapshotService } from '../../ports/snapshots.js';
import { keyTrouble, PLATFORM_KEY } from './key-trouble.js';
import { snapshotKey } from './snapshot-log.js';
import type { SnapshotRecordBook } from './snapshot-record.js';

/** Why a snapshot cannot be given to another account; `null` = nothing is known against it. */
async function trouble({ isEncrypted, kmsKeyId }: SnapshotRecord, service: SnapshotService): Promise<string | null> {
  if (!isEncrypted || kmsKeyId === null) return null;
  const key = await service.key(kmsKeyId);
  if (key.isPlatformKey === true) return PLATFORM_KEY;
  return keyTrouble(key, kmsKeyId);
}

/** Lets another account copy a snapshot. Returns why not; `null` = it may now. Throws `PLATFORM_UNAUTHENTICATED`, `STORAGE_*`. */
export async function shareSnapshot(
  record: SnapshotRecord,
  account: string,
  { service, book }: { readonly service: SnapshotService; readonly book: SnapshotRecordBook },
): Promise<string | null> {
  if (record.sharedWith.includes(account)) return null;
  const against = await trouble(record, service);
  if (against !== null) return against;
  const { region, id } = record;
  const subject = snapshotKey(record);
  const kind = 'share-snapshot';
  await book.changes.action({
    ...{ kind, subject, before: record.sharedWith, intended: { account }, reversibility: 'exact' },
    undo: `aws ec2 modify-snapshot-attribute --region ${region} --snapshot-id ${id} --attribute createVolumePermission --operation-type remove --user-ids ${account}`,
  });
  const answer = await service.share(id, account);
  const { requestIds, outcome } = answer;
  const detail = outcome === 'done' ? '' : answer.detail;
  await book.changes.effect({ kind, subject, outcome, detail, auditIds: requestIds, after: { account } });
  if (outcome !== 'done') return outcome === 'refused' ? detail : `it is not known whether it was shared: ${detail}`;
  await book.log.append({ event: 'shared', region, id, account, requestIds });
  return null;
}
