/** Every way in which a command can end other than well. docs/exit-codes.md is generated from this table. */

import { CONTAINMENT_ERRORS } from './containment-errors.js';
import type { ErrorEntry } from './error-entry.js';
import { PLATFORM_ERRORS } from './platform-errors.js';
import { SEALED_ERRORS } from './sealed-errors.js';

export const ERROR_TABLE = {
  INTERNAL: {
    exitCode: 1,
    meaning: 'A bug of ours: the program met a state that it believes impossible.',
    remedy: 'Run again with --debug and report the text. Evidence that was committed is intact.',
  },
  USAGE_INVALID: {
    exitCode: 2,
    meaning: 'A flag, an argument or a combination of them is not valid.',
    remedy: 'Read the help of the command: exhibit help COMMAND.',
  },
  USAGE_SECRET_IN_ARGV: {
    exitCode: 2,
    meaning: 'A secret was given on the command line, where every user of the machine can read it.',
    remedy: 'Put the credential into a kubeconfig, a token file or a credential plugin.',
  },
  CONFIG_INVALID: {
    exitCode: 2,
    meaning: 'A configuration file or an environment variable cannot be used as it stands.',
    remedy: 'Correct the file; the message names the place.',
  },
  PROFILE_INVALID: {
    exitCode: 2,
    meaning: 'A collection profile is not well-formed or names a collector that does not exist.',
    remedy: 'Compare the profile with those in templates/profiles.',
  },
  AUDIT_POLICY_INVALID: {
    exitCode: 2,
    meaning: 'An audit policy is missing, unreadable, or not what the API server would do as it is written.',
    remedy: 'Correct the line that is named, or begin with templates/audit/recommended.yaml.',
  },
  AUDIT_NOT_READY: {
    exitCode: 3,
    meaning: 'The audit policy lets the log not show what was required.',
    remedy: 'Read which rule decides, or begin with templates/audit/recommended.yaml.',
  },
  AUDIT_LOG_UNREADABLE: {
    exitCode: 2,
    meaning: 'A file with an audit log is not there or cannot be read.',
    remedy: 'Check path and rights; what is damaged inside is counted, and is no error.',
  },
  CASE_INVALID: {
    exitCode: 2,
    meaning: 'The case that was named does not exist, or none is open where one is needed.',
    remedy: 'List the cases: exhibit case list.',
  },
  CASE_CLOSED: {
    exitCode: 2,
    meaning: 'The case is closed and takes no more evidence.',
    remedy: 'Open another case: exhibit case open.',
  },
  KEY_INVALID: {
    exitCode: 2,
    meaning:
      'A signing key, a trust list or a list of revoked keys is missing, unreadable or of no kind that can be used.',
    remedy: 'Make a key: exhibit key new.',
  },
  NODE_ACCESS_REFUSED: {
    exitCode: 11,
    meaning:
      'A way to a node is not open: an admission, a missing right or image, or a shell that cannot run the scripts.',
    remedy: 'Read the reason, or try another way: exhibit collect --node-access.',
  },
  NO_CLUSTER: {
    exitCode: 2,
    meaning: 'One machine or disk is read without a cluster, and something needed one.',
    remedy: 'Collect from the cluster, too: exhibit collect --node NAME.',
  },
  CLEANUP_LEFT: {
    exitCode: 4,
    meaning: 'Objects that were made for a case are still in the cluster.',
    remedy: 'Remove them: exhibit cleanup. What the cluster keeps is named with its reason.',
  },
  CLEANUP_UNPROVEN: {
    exitCode: 3,
    meaning: 'Nothing of ours was found in the cluster, but not every list could be read.',
    remedy:
      'Read the lists with more rights: kubectl apply -f templates/rbac/collector-readonly.yaml, exhibit cleanup --verify.',
  },
  NODE_ACCESS_LOST: {
    exitCode: 10,
    meaning: 'The way to a node is gone: the collector pod ended, the connection closed, the node died.',
    remedy: 'Collect again; what was committed is safe.',
  },
  NOTHING_TO_SEAL: { exitCode: 2, meaning: 'The case has no open exhibit.', remedy: 'Collect first: exhibit collect.' },
  NOTHING_TO_RESUME: {
    exitCode: 2,
    meaning: 'The case has no interrupted collection.',
    remedy: 'Start one: exhibit collect.',
  },
  COLLECT_PARTIAL: {
    exitCode: 3,
    meaning: 'What could be collected is safe, but the gap ledger has at least one gap.',
    remedy: 'Read the gaps: exhibit show ARCHIVE. A 403 needs rights, a timeout another try: exhibit collect.',
  },
  VERIFY_FAILED: {
    exitCode: 4,
    meaning: 'An archive did not verify.',
    remedy: 'Read the findings. Keep the file as it is; compare it with another copy and with the receipt.',
  },
  SEAL_HASH_MISMATCH: {
    exitCode: 4,
    meaning: 'A spooled artifact is no longer what it was when it arrived. Nothing was sealed.',
    remedy: 'The storage or somebody changed the file that is named. Keep the case directory as it is.',
  },
  CASE_CORRUPT: {
    exitCode: 4,
    meaning: 'A record of the case directory is damaged other than by a torn last line.',
    remedy: 'Keep the directory as it is and copy it before anything else.',
  },
  DECLINED: {
    exitCode: 5,
    meaning: 'A question was answered with no, or there was nobody to answer it.',
    remedy: 'Repeat with --yes, or at a terminal.',
  },
  LIMIT_OF_AUTHORITY: {
    exitCode: 5,
    meaning: 'The collection asked for more than the authority of the case allows.',
    remedy: 'Narrow the scope, or have the authority extended: exhibit case open --limit.',
  },
  CLUSTER_UNREACHABLE: {
    exitCode: 10,
    meaning: 'The API server could not be reached, or the connection to it is not to be trusted.',
    remedy: 'Check address, proxy, certificate and network: kubectl version.',
  },
  CLUSTER_UNAUTHENTICATED: {
    exitCode: 10,
    meaning: 'The API server does not accept the credential.',
    remedy: 'Log in again; kubectl auth whoami shows who you are.',
  },
  KUBECONFIG_INVALID: {
    exitCode: 10,
    meaning: 'No usable cluster connection could be made from the kubeconfig.',
    remedy: 'kubectl config view --minify shows what is read.',
  },
  CLUSTER_FORBIDDEN: {
    exitCode: 11,
    meaning: 'The identity lacks a right.',
    remedy: 'Apply the role: kubectl apply -f templates/rbac/collector-readonly.yaml.',
  },
  CLUSTER_REFUSED: {
    exitCode: 11,
    meaning:
      'The API server did not do what was asked, though the right is there: an admission, an invalid object, a state in the way.',
    remedy: 'Read the words of the server in the message.',
  },
  TARGET_GONE: {
    exitCode: 12,
    meaning: 'The node, pod or namespace that was named does not exist.',
    remedy: 'Check the name and the context.',
  },
  TARGET_REPLACED: {
    exitCode: 12,
    meaning: 'What answers now is not what the case began with: the UID differs.',
    remedy: 'Check the context. Open another case for another cluster.',
  },
  CLUSTER_PROTOCOL: {
    exitCode: 10,
    meaning: 'The server answered with something that is not the Kubernetes API.',
    remedy: 'Check that the address is that of an API server and not of a proxy or a login page.',
  },
  CUT: { exitCode: 10, meaning: 'A connection ended before the answer was complete.', remedy: 'Run exhibit resume.' },
  TIMEOUT: {
    exitCode: 10,
    meaning: 'A server did not answer, or stopped answering, within its time.',
    remedy: 'Run exhibit resume, or raise the limit.',
  },
  LIMIT_REACHED: {
    exitCode: 3,
    meaning: 'An answer was longer than the limit that was set for it.',
    remedy: 'Raise the limit if the rest is wanted.',
  },
  STORAGE_FULL: {
    exitCode: 30,
    meaning: 'The disk that holds the case is full. What was committed before is intact.',
    remedy: 'Make room, then: exhibit resume.',
  },
  STORAGE_FAILED: {
    exitCode: 30,
    meaning: 'The case directory cannot be read or written.',
    remedy: 'Check owner, mode and mount of the directory that is named.',
  },
  STORAGE_UNSAFE: {
    exitCode: 30,
    meaning: 'The case directory is a symbolic link, belongs to somebody else or can be read by others.',
    remedy: 'Use a directory of your own with mode 0700.',
  },
  CASE_LOCKED: {
    exitCode: 30,
    meaning: 'Another run is writing to the case.',
    remedy: 'Wait for it, or end the process that the message names.',
  },
  INTERRUPTED: {
    exitCode: 130,
    meaning: 'The run was interrupted. The case is consistent.',
    remedy: 'Continue with: exhibit resume.',
  },
  TERMINATED: {
    exitCode: 143,
    meaning: 'The run was terminated. The case is consistent.',
    remedy: 'Continue with: exhibit resume.',
  },
  ...CONTAINMENT_ERRORS,
  ...PLATFORM_ERRORS,
  ...SEALED_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;

export interface ErrorDetails {
  /** Commands to copy, most useful first. */
  readonly hints?: readonly string[];
  /** What failed: a path, a URL, an object. Escaped when shown. */
  readonly subject?: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** What is already safe, in one sentence. */
  readonly safe?: string;
}

/** The only class of error that is thrown on purpose. Its JSON is an allow-list; the cause never leaves the process. */
export class ExhibitError extends Error {
  readonly code: ErrorCode;
  readonly exitCode: number;
  readonly hints: readonly string[];
  readonly subject: string | undefined;
  readonly retryable: boolean;
  readonly safe: string | undefined;
  /** oclif reads the exit status from here. */
  readonly oclif: { readonly exit: number };

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ExhibitError';
    this.code = code;
    this.exitCode = ERROR_TABLE[code].exitCode;
    this.hints = details.hints ?? [];
    this.subject = details.subject;
    this.retryable = details.retryable ?? false;
    this.safe = details.safe;
    this.oclif = { exit: this.exitCode };
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      exitCode: this.exitCode,
      message: this.message,
      ...(this.subject === undefined ? {} : { subject: this.subject }),
      hints: this.hints,
      retryable: this.retryable,
      ...(this.safe === undefined ? {} : { safe: this.safe }),
    };
  }
}

/** The errno code of a Node system error, or `undefined`. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
