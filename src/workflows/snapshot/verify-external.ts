import { ExhibitError } from '../../model/errors.js';
import { type ExternalRecord, externalKey, type SnapshotLock, type SnapshotRecord } from '../../model/external.js';
import type { SnapshotView } from '../../ports/snapshots.js';
import type { ServiceOf } from './record-snapshots.js';

type CheckName = 'exists' | 'volume' | 'size' | 'started' | 'tags' | 'state' | 'lock' | 'key';

export interface ExternalCheck {
  readonly check: CheckName;
  /** `unknown` = it could not be looked at. */
  readonly result: 'passed' | 'failed' | 'unknown';
  readonly detail: string;
}

export interface ExternalReport {
  readonly subject: string;
  readonly observedAt: string;
  readonly checks: readonly ExternalCheck[];
}

function same(check: CheckName, then: string, now: string): ExternalCheck {
  return then === now
    ? { check, result: 'passed', detail: '' }
    : { check, result: 'failed', detail: `the archive says ${then}, the cloud says ${now}` };
}

/** Platform tags of others may come later; those that the archive has must be there. */
function tagsCheck({ tags }: SnapshotRecord, now: SnapshotView): ExternalCheck {
  const lost = tags.filter(({ key, value }) => now.tags[key] !== value).map(({ key }) => key);
  return lost.length === 0
    ? { check: 'tags', result: 'passed', detail: '' }
    : { check: 'tags', result: 'failed', detail: `not as the archive says: ${lost.join(', ')}` };
}

/** A snapshot that was pending may be completed since. */
function stateCheck({ state }: SnapshotRecord, now: SnapshotView): ExternalCheck {
  return state === 'pending' && now.state === 'completed'
    ? same('state', now.state, now.state)
    : same('state', state, now.state);
}

/** When it was to, or later. */
function hasRunOut(then: SnapshotLock, now: SnapshotLock): boolean {
  return now.state === 'expired' && then.until !== null && now.until !== null && isAsLong(then, now);
}

function isAsLong(then: SnapshotLock, now: SnapshotLock): boolean {
  return then.until === null || now.until === null || now.until >= then.until;
}

/** A lock may be stricter or longer than the archive says, never less. */
function lockCheck({ lock: then }: SnapshotRecord, now: SnapshotLock): ExternalCheck {
  if (then.mode === 'unknown' || now.mode === 'unknown')
    return { check: 'lock', result: 'unknown', detail: `the archive says ${then.mode}, the cloud says ${now.mode}` };
  if (hasRunOut(then, now)) return { check: 'lock', result: 'passed', detail: `it ran out at ${now.until ?? ''}` };
  const isKept = then.mode === 'none' || then.mode === now.mode || now.mode === 'compliance';
  return isKept && isAsLong(then, now)
    ? { check: 'lock', result: 'passed', detail: now.mode }
    : same('lock', [then.mode, then.until ?? ''].join(' '), [now.mode, now.until ?? ''].join(' '));
}

function compare(record: SnapshotRecord, now: SnapshotView, lock: SnapshotLock): readonly ExternalCheck[] {
  return [
    { check: 'exists', result: 'passed', detail: now.arn },
    same('volume', record.volume ?? 'none', now.volume ?? 'none'),
    same('size', String(record.sizeBytes), String(now.sizeBytes)),
    same('started', record.startedAt ?? 'unknown', now.startedAt ?? 'unknown'),
    same('key', record.kmsKeyId ?? 'none', now.kmsKeyId ?? 'none'),
    tagsCheck(record, now),
    stateCheck(record, now),
    lockCheck(record, lock),
  ];
}

async function look(record: SnapshotRecord, serviceOf: ServiceOf): Promise<readonly ExternalCheck[]> {
  try {
    const service = await serviceOf(record.region, record.role);
    const { snapshots } = await service.describe([record.id]);
    const now = snapshots.find(({ id, account }) => id === record.id && account === record.account);
    if (now === undefined) {
      const detail = `the cloud knows no such snapshot of account ${record.account}`;
      return [{ check: 'exists', result: record.state === 'missing' ? 'passed' : 'failed', detail }];
    }
    const locks = await service.locks([record.id]);
    return compare(record, now, locks.get(record.id) ?? { mode: 'unknown', state: '', until: null });
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code === 'INTERRUPTED' || error.code === 'TERMINATED') throw error;
    return [{ check: 'exists', result: 'unknown', detail: error.message }];
  }
}

/** What an archive says that stays outside, compared with what is there now. What cannot be looked at is unknown. Throws `INTERRUPTED`. */
export async function verifyExternal(
  records: readonly ExternalRecord[],
  serviceOf: ServiceOf,
): Promise<readonly ExternalReport[]> {
  const reports: ExternalReport[] = [];
  for (const record of records) {
    const checks = await look(record, serviceOf);
    reports.push({ subject: externalKey(record), observedAt: record.observedAt, checks });
  }
  return reports;
}
