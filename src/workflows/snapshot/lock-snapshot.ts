import type { SnapshotLock, SnapshotRecord } from '../../model/external.js';
import type { LockRequest, SnapshotService } from '../../ports/snapshots.js';
import { snapshotKey } from './snapshot-log.js';
import type { SnapshotRecordBook } from './snapshot-record.js';

export type LockWish = Pick<LockRequest, 'mode' | 'until'>;

/** Whether there is nothing to do: a lock for days is not drawn out at each run, one that ends before the wished day is. */
function isLocked(lock: SnapshotLock, { mode, until }: LockWish): boolean {
  if (mode === 'compliance' && lock.mode === 'compliance')
    return 'days' in until || lock.until === null || lock.until >= until.date;
  return lock.mode === mode || lock.mode === 'compliance';
}

/** A lock of the same kind is left where it is long enough. Returns why not; `null` = it is locked. Throws as `shareSnapshot`. */
export async function lockSnapshot(
  record: SnapshotRecord,
  wish: LockWish,
  { service, book }: { readonly service: SnapshotService; readonly book: SnapshotRecordBook },
): Promise<string | null> {
  if (isLocked(record.lock, wish)) return null;
  const subject = snapshotKey(record);
  const kind = 'lock-snapshot';
  const isFinal = wish.mode === 'compliance';
  await book.changes.action({
    ...{ kind, subject, before: record.lock, intended: wish },
    undo: isFinal
      ? 'none, once its cooling-off is over'
      : `aws ec2 unlock-snapshot --region ${record.region} --snapshot-id ${record.id}`,
    reversibility: isFinal ? 'irreversible' : 'exact',
  });
  const answer = await service.lock({ snapshot: record.id, ...wish });
  const { requestIds, outcome } = answer;
  const detail = outcome === 'done' ? '' : answer.detail;
  const after = outcome === 'done' ? answer.made : null;
  await book.changes.effect({ kind, subject, outcome, detail, auditIds: requestIds, after });
  if (outcome === 'done') return null;
  return outcome === 'refused' ? detail : `it is not known whether it was locked: ${detail}`;
}
