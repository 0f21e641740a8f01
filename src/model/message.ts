/** Coded messages: the only thing that leaves the lower layers beside data. Shown on stderr or streamed as JSON lines. */

export type MessageLevel = 'error' | 'warn' | 'info' | 'debug';

interface MessageEntry {
  readonly level: MessageLevel;
  readonly meaning: string;
}

/** Codes are stable and never reused. docs/messages.md is generated from this table; `exhibit explain` prints it. */
export const MESSAGE_TABLE = {
  CASE_OPENED: { level: 'info', meaning: 'A case was opened, because none was open or because it was asked for.' },
  CASE_NOT_STATED: {
    level: 'warn',
    meaning: 'Reason or authority of the case is recorded as "not stated"; every verdict shows it first.',
  },
  LOCK_TAKEN_OVER: {
    level: 'warn',
    meaning: 'The lock of a run that no longer exists was taken over; the custody log says so.',
  },
  TAIL_CUT: {
    level: 'warn',
    meaning:
      'A record ended in the middle of a line, as after a power cut. The torn bytes are kept in the custody log.',
  },
  COLLECT_STARTED: { level: 'info', meaning: 'The collection begins.' },
  COLLECT_PLAN: { level: 'info', meaning: 'What will be collected, in which order.' },
  COLLECT_NOT_ASKED: { level: 'info', meaning: 'Sources that exist but were not asked for. No gap.' },
  COLLECT_NO_EFFECT: { level: 'warn', meaning: 'A flag has no effect with this selection.' },
  COLLECT_NARROWED: {
    level: 'warn',
    meaning: 'The limits of the authority keep something out that the selection would have taken.',
  },
  COLLECT_ALREADY: {
    level: 'info',
    meaning: 'The artifact already has its outcome in the open exhibit and is not read again.',
  },
  COLLECT_PHASE: { level: 'info', meaning: 'The next tier of volatility begins.' },
  COLLECT_ARTIFACT: { level: 'debug', meaning: 'A planned artifact has its outcome.' },
  COLLECT_GAP: { level: 'warn', meaning: 'A required artifact was not obtained, or not wholly.' },
  COLLECT_DONE: { level: 'info', meaning: 'Every planned artifact has its outcome.' },
  CLEANUP_FOUND: { level: 'warn', meaning: 'An object that was made for a case and is still in the cluster.' },
  CONTAINMENT_PLAN: { level: 'info', meaning: 'What a containment will change, step by step.' },
  CONTAINMENT_STEP: { level: 'info', meaning: 'A step of a containment was done, or was found done.' },
  CONTAINMENT_STEP_FAILED: { level: 'warn', meaning: 'A step of a containment was not done; the others go on.' },
  CONTAINMENT_LIMIT: { level: 'warn', meaning: 'Something that a containment does not achieve, however well it goes.' },
  CONTAINMENT_CHECK: { level: 'info', meaning: 'A containment was looked at again, and connections were tried.' },
  CONTAINMENT_PUT_BACK: { level: 'warn', meaning: 'A step of a containment that was done no longer holds.' },
  CONTAINMENT_RESUMED: {
    level: 'info',
    meaning: 'The case has begun this containment already; what holds is left, and the rest is done.',
  },
  CONTAINMENT_SINCE: {
    level: 'warn',
    meaning: 'A pod matches and is not in the plan that is gone on with, or a suspect of that plan is gone.',
  },
  RESPOND_PLAN: { level: 'info', meaning: 'What a response will do, phase by phase.' },
  RESPOND_MAY_NOT: { level: 'warn', meaning: 'A right that a response lacks.' },
  RESPOND_MANIFEST: { level: 'info', meaning: 'A line of the manifest that grants the rights which a response lacks.' },
  RESPOND_PHASE: { level: 'info', meaning: 'A phase of a response begins.' },
  RESPOND_PHASE_DONE: { level: 'info', meaning: 'A phase of a response is at its end, and did all it was to do.' },
  RESPOND_PHASE_SHORT: {
    level: 'warn',
    meaning: 'A phase of a response failed, or did only a part; the next one goes on all the same.',
  },
  RESPOND_RESUMED: { level: 'info', meaning: 'The case has begun this response already; what is done is left.' },
  CONTAINMENT_ABANDONED: {
    level: 'warn',
    meaning: 'A change of a containment that stays in the world when its case is closed.',
  },
  RELEASE_STEP: { level: 'info', meaning: 'A change was taken back, or was gone already.' },
  RELEASE_CONFLICT: {
    level: 'warn',
    meaning: 'A change was not taken back: others have changed the same since, or the cluster refused.',
  },
  RELEASE_RISK: {
    level: 'warn',
    meaning: 'A release may cost a pod, or leaves a suspect with more of the network than it had before.',
  },
  COLLECT_LOSING: { level: 'warn', meaning: 'Evidence that will vanish soon if nothing is done.' },
  DISK_WRITABLE: {
    level: 'warn',
    meaning: 'The disk that is read is not mounted read-only: it may change while it is read, and by being read.',
  },
  CLUSTER_RETRY: { level: 'debug', meaning: 'A request is repeated after a transient failure.' },
  CLUSTER_THROTTLED: { level: 'warn', meaning: 'The server asked us to slow down; we do.' },
  CLUSTER_INSECURE: {
    level: 'warn',
    meaning: 'The certificate of the server is not checked, as was asked for. The custody log says so.',
  },
  CLUSTER_INCONSISTENT: {
    level: 'warn',
    meaning: 'A list expired while it was read and was continued at a later state of the cluster.',
  },
  CUSTODY_NOT_STAMPED: {
    level: 'warn',
    meaning:
      'No time-stamping authority gave a token over a line of the custody log; the collection goes on without it.',
  },
  CLOCK_CONTRADICTED: {
    level: 'warn',
    meaning: 'Another clock is further from that of this machine than its answer can explain: one of them is wrong.',
  },
  SEAL_STARTED: { level: 'info', meaning: 'The exhibit is being closed.' },
  SEAL_UNFINISHED: {
    level: 'warn',
    meaning: 'The exhibit that is being sealed was not read to the end; what was not read becomes a gap.',
  },
  SEAL_READBACK: { level: 'info', meaning: 'The finished archive is read back and verified.' },
  SEAL_DONE: { level: 'info', meaning: 'The archive is sealed.' },
  SEAL_OPENED_NOT_SEALED: {
    level: 'warn',
    meaning: 'An earlier exhibit of the case was opened and never sealed; the statement lists it.',
  },
  SEAL_STAMPED: { level: 'info', meaning: 'A time-stamping authority gave a token over the signature.' },
  SEAL_NOT_STAMPED: {
    level: 'warn',
    meaning: 'A time-stamping authority gave no token that can be accepted; the exhibit is sealed without it.',
  },
  SEAL_TIME_MISSING: {
    level: 'warn',
    meaning:
      'The exhibit is sealed without any token although one was asked for; until one is got later, its verdict is INTACT_UNTIMESTAMPED.',
  },
  TIMESTAMP_RETRY: { level: 'debug', meaning: 'A time-stamping authority is asked again after a transient failure.' },
  SEAL_SECRETS_PLAIN: {
    level: 'warn',
    meaning: 'The sealed archive holds items of sensitivity secret and is not encrypted.',
  },
  ENCRYPT_STARTED: { level: 'info', meaning: 'The sealed archive is being encrypted and read back.' },
  ENCRYPT_ONE_RECIPIENT: {
    level: 'warn',
    meaning: 'Only one key or passphrase opens the encrypted archive; when it is lost, so is the evidence.',
  },
  ENCRYPT_DONE: { level: 'info', meaning: 'The encrypted archive was read back, and its digest is in the receipt.' },
  ENCRYPT_PENDING: {
    level: 'warn',
    meaning: 'An archive was to be encrypted and is not yet; its plaintext is where it was.',
  },
  PLAINTEXT_REMOVED: {
    level: 'info',
    meaning: 'Spool and plaintext archive were unlinked. That their bytes are gone from the disk is not claimed.',
  },
  PUSH_STARTED: { level: 'info', meaning: 'A file is sent to a destination.' },
  PUSH_RESUMED: {
    level: 'info',
    meaning: 'An earlier upload is gone on with; the parts that are there are not sent again.',
  },
  PUSH_ALREADY: { level: 'info', meaning: 'The destination has the file already, with the same digest.' },
  PUSH_READ_BACK: { level: 'info', meaning: 'The stored file is read again and its digest compared.' },
  PUSH_NOT_READ_BACK: {
    level: 'warn',
    meaning: 'The stored file was not read again, as was asked for; only what the store says of it was compared.',
  },
  PUSH_RECEIPT_TOGETHER: {
    level: 'warn',
    meaning: 'The receipt went to the same place as the archive. It protects only where another person keeps it.',
  },
  PUSH_LOCKED_AFTERWARDS: {
    level: 'warn',
    meaning: 'The store did not take the lock together with the file; it was set right afterwards and is there now.',
  },
  PULL_STARTED: { level: 'info', meaning: 'A file is fetched from where it was pushed to.' },
  PULL_COMPANIONS_FAILED: {
    level: 'warn',
    meaning: 'The archive was fetched, and the custody record or the receipt beside it could not be.',
  },
  PULL_CUSTODY_KEPT: {
    level: 'warn',
    meaning: 'A custody record of the exhibit was here before its archive was fetched. It was kept as it is.',
  },
  DERIVE_STARTED: { level: 'info', meaning: 'The parent of a redacted copy is verified and read.' },
  DERIVE_RULE_UNUSED: {
    level: 'warn',
    meaning: 'A rule of the redaction fits no file of the archive: perhaps a slip in its paths.',
  },
  DERIVE_FINDING: {
    level: 'warn',
    meaning: 'A place of the redacted copy that looks like a token, a key or a password.',
  },
  DERIVE_FINDINGS_ACCEPTED: {
    level: 'warn',
    meaning: 'The redacted copy holds something that looks like a secret, and exactly so many places were accepted.',
  },
  DERIVE_DONE: { level: 'info', meaning: 'The redacted copy is sealed, and was looked through for secrets once more.' },
  SNAPSHOT_READ_STARTED: { level: 'info', meaning: 'The blocks of a snapshot are read and hashed.' },
  SNAPSHOT_EXPORT_RESUMED: {
    level: 'info',
    meaning: 'An unfinished disk image is gone on with: what is there is hashed from the disk, the rest is fetched.',
  },
  SNAPSHOT_PLAN: { level: 'info', meaning: 'Of what snapshots are made, and what that asks of the cloud.' },
  SNAPSHOT_TAKEN: { level: 'info', meaning: 'A snapshot was begun in the cloud, or the case has it already.' },
  SNAPSHOT_GAP: { level: 'warn', meaning: 'Something that no snapshot gives, or that could not be learned of a disk.' },
  SNAPSHOT_FAILED: {
    level: 'warn',
    meaning: 'A snapshot was not made, not copied, not locked or not shared; the others go on.',
  },
  SNAPSHOT_EXPOSED: {
    level: 'warn',
    meaning: 'Snapshots of the region may be made public by whoever has the right, or nobody could say.',
  },
  KEY_CREATED: { level: 'info', meaning: 'A signing key was made and added to the list of trusted signers.' },
  KEY_TOUCH: { level: 'warn', meaning: 'A FIDO key waits to be touched before it signs.' },
  INTERRUPTED_SOFT: {
    level: 'warn',
    meaning: 'Interrupted: nothing new is started, what is being written is finished or dropped.',
  },
  NOTE: { level: 'info', meaning: 'A remark without consequences.' },
} as const satisfies Record<string, MessageEntry>;

export type MessageCode = keyof typeof MESSAGE_TABLE;

export interface Message {
  readonly code: MessageCode;
  readonly level: MessageLevel;
  readonly at: string;
  readonly text: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
