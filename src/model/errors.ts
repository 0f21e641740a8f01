/** Every way in which a command can end other than well. docs/exit-codes.md is generated from this table. */

interface ErrorEntry {
  readonly exitCode: number;
  /** One sentence in plain words, shown by `exhibit explain CODE`. */
  readonly meaning: string;
  /** What to do, in general; the error itself carries the exact command. */
  readonly remedy: string;
}

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
  PASSPHRASE_WRONG: {
    exitCode: 2,
    meaning: 'A passphrase does not open what it was given for.',
    remedy: 'Try again at a terminal, or check what is written to the descriptor of --passphrase-fd.',
  },
  AGE_KEY_INVALID: {
    exitCode: 2,
    meaning:
      'A recipient to encrypt to, or an identity to decrypt with, is missing, unreadable or of a kind that cannot be used.',
    remedy: 'Make an identity: age-keygen -o FILE. Its public half, the recipient: age-keygen -y FILE.',
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
  CUSTODY_OPEN: {
    exitCode: 3,
    meaning:
      'The custody record is unbroken, but a transfer has no countersignature yet, or an event was not written to its end.',
    remedy:
      'The receiver countersigns: exhibit custody add transfer-in ARCHIVE. Then copy the new event files to the other party.',
  },
  CUSTODY_UNPROVEN: {
    exitCode: 4,
    meaning: 'There is no custody record beside the archive, or nobody vouches for a key that signed an event of it.',
    remedy: 'Get the custody folder from whoever had the archive before, and the trust list from your organisation.',
  },
  CUSTODY_BROKEN: {
    exitCode: 4,
    meaning:
      'The custody record beside an archive is not as it was signed: an event is changed, missing, forked or out of order.',
    remedy:
      'Keep the folder as it is and compare it with the copy of the other party: exhibit custody verify ARCHIVE --compare FOLDER.',
  },
  DECRYPT_FAILED: {
    exitCode: 4,
    meaning:
      'An encrypted file cannot be decrypted: it is damaged, cut off or not the one of the receipt, or no identity fits.',
    remedy: 'Name the right identity, or compare the file with another copy and with the digest in the receipt.',
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
  SOURCE_CHANGED: {
    exitCode: 4,
    meaning: 'A file is no longer what it was when it was verified. It was not delivered.',
    remedy: 'Verify the archive again and find out what changes it: exhibit verify ARCHIVE.',
  },
  DECLINED: {
    exitCode: 5,
    meaning: 'A question was answered with no, or there was nobody to answer it.',
    remedy: 'Repeat with --yes, or at a terminal.',
  },
  PLAINTEXT_REFUSED: {
    exitCode: 5,
    meaning: 'The archive is not encrypted and holds items of sensitivity secret, so it does not leave the machine.',
    remedy: 'Seal with --encrypt-to, or say --plaintext where the receiver may read everything.',
  },
  DESTINATION_OCCUPIED: {
    exitCode: 5,
    meaning: 'Something else has the name under which a file was to be stored. Nothing is ever overwritten.',
    remedy: 'Look at what is there, and use another directory or prefix.',
  },
  TOO_LARGE: {
    exitCode: 5,
    meaning: 'The file is larger than the limit that was set for it. Nothing was read.',
    remedy: 'Raise the limit if the file is wanted: --max-bytes.',
  },
  REDACTION_RULES_INVALID: {
    exitCode: 2,
    meaning: 'The rules of a redaction are not well-formed, or fit no file of the archive.',
    remedy: 'Compare the rules with those in templates/redaction; the message names the place.',
  },
  REDACTION_UNDECIDED: {
    exitCode: 5,
    meaning: 'A rule of a redaction cannot say of a file what goes and what stays. Nothing was written.',
    remedy: 'Change the rule that is named, or remove the file as a whole.',
  },
  REDACTION_INCOMPLETE: {
    exitCode: 5,
    meaning: 'The redacted copy still holds something that looks like a token, a key or a password.',
    remedy: 'Look at each place and add rules, or accept the exact number: --accept-findings N.',
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
  DESTINATION_INVALID: {
    exitCode: 2,
    meaning: 'There is no such bucket, directory or object, or its name is not valid.',
    remedy: 'Check the name, the region and the account.',
  },
  DESTINATION_DENIED: {
    exitCode: 20,
    meaning: 'The store does not accept the credential, or the identity lacks a permission.',
    remedy: 'Log in again, or apply the policy: templates/cloud/aws-push-policy.json.',
  },
  DESTINATION_UNREACHABLE: {
    exitCode: 20,
    meaning: 'The store cannot be reached, does not answer in time or keeps asking to slow down.',
    remedy: 'Repeat the same command: an upload goes on where it stopped.',
  },
  DESTINATION_FAILED: {
    exitCode: 21,
    meaning: 'The store refused or failed for a reason of its own.',
    remedy: 'The message names the reason and the request. Repeat the command once it is gone.',
  },
  DESTINATION_MISMATCH: {
    exitCode: 21,
    meaning: 'What the store has, or says that it has, is not what was sent to it.',
    remedy: 'Keep the local archive. Look at the object with the tools of the store, and push to another prefix.',
  },
  DESTINATION_NOT_LOCKED: {
    exitCode: 21,
    meaning: 'The store does not keep the retention or the legal hold that was asked for.',
    remedy: 'Use a bucket with Object Lock: aws s3api get-object-lock-configuration --bucket BUCKET.',
  },
  SIGNER_UNAVAILABLE: {
    exitCode: 20,
    meaning: 'The service or the agent that holds the signing key refuses to sign with it or cannot be reached.',
    remedy: 'Check credentials, permissions and state of the key that is named, or sign with another: --key.',
  },
  SEAL_UNTIMESTAMPED: {
    exitCode: 3,
    meaning: 'The archive is sealed, but none of the time-stamping authorities that were asked gave a token.',
    remedy: 'Get a token later: exhibit custody retimestamp ARCHIVE --tsa URL.',
  },
  TIMESTAMP_FAILED: {
    exitCode: 20,
    meaning: 'A time-stamping authority could not be reached, or its answer is no token that can be accepted.',
    remedy: 'Check the URL and the network, or ask another authority: --tsa URL.',
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
