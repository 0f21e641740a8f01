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
  COLLECT_LOSING: { level: 'warn', meaning: 'Evidence that will vanish soon if nothing is done.' },
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
  KEY_CREATED: { level: 'info', meaning: 'A signing key was made and added to the list of trusted signers.' },
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
