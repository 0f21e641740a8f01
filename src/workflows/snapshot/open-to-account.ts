import type { SnapshotRecord } from '../../model/external.js';
import type { SnapshotService } from '../../ports/snapshots.js';
import { accountOf, type CopyPlace } from './copy-snapshot.js';
import { shareSnapshot } from './share-snapshot.js';
import type { SnapshotRecordBook } from './snapshot-record.js';

export interface BothAccounts {
  /** Where the snapshot is. */
  readonly own: { readonly service: SnapshotService; readonly book: SnapshotRecordBook };
  /** Of the role, where the copy is to be. */
  readonly service: SnapshotService;
}

/** Why a copy of an encrypted snapshot could not be made by the other account, or not be given on from there; `null` = nothing is known. */
async function keyTroubleThere(
  { kmsKeyId }: SnapshotRecord,
  { kmsKey, role }: CopyPlace,
  service: SnapshotService,
): Promise<string | null> {
  const account = accountOf(role ?? '');
  if (kmsKey === null)
    return `it is encrypted, and under AWS's own key of account ${account} its copy could be given to nobody: name a key of that account with --kms-key ARN`;
  const target = await service.key(kmsKey);
  if (target.isPlatformKey === true) return `key ${kmsKey} is AWS's own, and what it encrypts can be given to nobody`;
  if (kmsKeyId === null) return null;
  const source = await service.key(kmsKeyId);
  if (source.unknownBecause === null) return null;
  return `account ${account} cannot use its key ${kmsKeyId}: ${source.unknownBecause}; the policy of the key must let the role kms:DescribeKey, kms:CreateGrant, kms:Decrypt and kms:ReEncrypt*`;
}

/** Lets the account of a role copy a snapshot, after its keys were looked at from both sides. Returns why not. Throws as `shareSnapshot`. */
export async function openToAccount(
  record: SnapshotRecord,
  place: CopyPlace,
  { own, service }: BothAccounts,
): Promise<string | null> {
  const account = accountOf(place.role ?? '');
  if (account === record.account) return 'the role is of the account that the snapshot is in: leave out --copy-role';
  const against = record.isEncrypted ? await keyTroubleThere(record, place, service) : null;
  return against ?? (await shareSnapshot(record, account, own));
}
