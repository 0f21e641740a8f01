import type { ErrorEntry } from './error-entry.js';

/** What a cloud can answer other than well. */
export const PLATFORM_ERRORS = {
  PLATFORM_UNREACHABLE: {
    exitCode: 20,
    meaning: 'The cloud did not answer, or what answered is not the cloud.',
    remedy: 'Check region, proxy and network, then repeat the command: it goes on.',
  },
  PLATFORM_UNAUTHENTICATED: {
    exitCode: 20,
    meaning: 'The cloud does not know who we are: credentials are missing, expired or wrong.',
    remedy: 'Log in with the command that the message names, then repeat the command: it goes on.',
  },
  PLATFORM_DENIED: {
    exitCode: 20,
    meaning: 'The cloud knows us and does not allow the call, or a quota of the account is used up.',
    remedy: 'Ask for the right that the message names.',
  },
  PLATFORM_UNSUITABLE: {
    exitCode: 2,
    meaning: 'The node has no machine in a cloud that we know, or what was asked for is not there in that cloud.',
    remedy: 'Leave the cloud out: what concerns Kubernetes alone still works.',
  },
  PLATFORM_FAILED: {
    exitCode: 21,
    meaning: 'The cloud took the call and the operation failed.',
    remedy: 'Read the reason of the cloud; what was done before is recorded in the case.',
  },
  WAIT_LIMIT: {
    exitCode: 69,
    meaning: 'The time to wait is over, and the remote work goes on.',
    remedy: 'Look again later with the command that the message names.',
  },
} as const satisfies Record<string, ErrorEntry>;
