import type { ErrorCode } from '../model/errors.js';

/** With which a containment, or its release, may end. */
export const CONTAINMENT_CODES: readonly ErrorCode[] = [
  'CASE_CLOSED',
  'QUARANTINE_PARTIAL',
  'DECLINED',
  'TARGET_PROTECTED',
  'LIMIT_OF_AUTHORITY',
  'CLUSTER_UNREACHABLE',
  'CLUSTER_UNAUTHENTICATED',
  'KUBECONFIG_INVALID',
  'CLUSTER_FORBIDDEN',
  'TARGET_GONE',
  'TARGET_REPLACED',
  'CASE_CORRUPT',
  'CASE_LOCKED',
  'STORAGE_FULL',
  'INTERRUPTED',
  'TERMINATED',
];
