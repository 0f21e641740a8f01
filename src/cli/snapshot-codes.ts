import type { ErrorCode } from '../model/errors.js';

/** How commands that make or look at snapshots can end. */
export const SNAPSHOT_CODES: readonly ErrorCode[] = [
  'USAGE_INVALID',
  'CASE_INVALID',
  'CASE_CLOSED',
  'DECLINED',
  'PLATFORM_UNSUITABLE',
  'TARGET_GONE',
  'TARGET_REPLACED',
  'PLATFORM_UNREACHABLE',
  'PLATFORM_UNAUTHENTICATED',
  'PLATFORM_DENIED',
  'PLATFORM_FAILED',
  'CASE_LOCKED',
  'STORAGE_FULL',
  'WAIT_LIMIT',
  'INTERRUPTED',
];
