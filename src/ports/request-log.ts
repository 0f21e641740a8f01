/** What is known of a call before it is made. */
export interface RequestStart {
  readonly method: string;
  /** With query, without credentials. */
  readonly url: string;
  readonly auditIdSent: string;
  /** RFC 3339 UTC. */
  readonly sentAt: string;
}

/** What became of it. A call without an answer has `status` null and says why in `error`. */
export interface RequestEnd {
  readonly status: number | null;
  readonly auditIdAnswered: string | null;
  readonly serverDate: string | null;
  readonly sizeBytes: number;
  readonly sha256: string | null;
  readonly tlsPeerSha256: string | null;
  readonly firstByteAt: string | null;
  readonly lastByteAt: string | null;
  readonly error: string | null;
}

/**
 * Write-ahead record of calls: `begin` is on its way to the disk before the call is sent, so that a call that was lost with the
 * process is in the log too. Synchronous and cheap; never throws for a full disk but remembers it, and the next sink operation fails.
 */
export interface RequestLog {
  /** Returns the number that `end` refers to. */
  begin(start: RequestStart): number;
  end(seq: number, end: RequestEnd): void;
}
