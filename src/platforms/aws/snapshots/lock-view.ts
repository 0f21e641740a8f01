import type { SnapshotLock } from '../../../model/external.js';
import { instantOf } from './snapshot-view.js';

/** Of DescribeLockedSnapshots and LockSnapshot. */
interface Told {
  readonly LockState?: string | undefined;
  readonly LockExpiresOn?: Date | undefined;
}

const MODES: Readonly<Record<string, SnapshotLock['mode']>> = {
  'governance': 'governance',
  'compliance': 'compliance',
  'compliance-cooloff': 'compliance',
  'expired': 'none',
};

export const UNKNOWN_LOCK: SnapshotLock = { mode: 'unknown', state: '', until: null };
export const NO_LOCK: SnapshotLock = { mode: 'none', state: '', until: null };

/** A state that is not known counts as no answer: a lock that is not sure is none to rely on. */
export function lockView({ LockState: state = '', LockExpiresOn: until }: Told): SnapshotLock {
  return { mode: MODES[state] ?? 'unknown', state: state.slice(0, 100), until: instantOf(until) };
}
