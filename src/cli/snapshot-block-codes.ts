import type { ErrorCode } from '../model/errors.js';

/** How commands that read blocks of snapshots can end. */
export const SNAPSHOT_BLOCK_CODES: readonly ErrorCode[] = [
  'CASE_INVALID',
  'PLATFORM_UNSUITABLE',
  'DESTINATION_OCCUPIED',
  'PLATFORM_UNREACHABLE',
  'PLATFORM_UNAUTHENTICATED',
  'PLATFORM_DENIED',
  'PLATFORM_FAILED',
  'STORAGE_FULL',
  'STORAGE_FAILED',
  'CASE_LOCKED',
  'INTERRUPTED',
];
