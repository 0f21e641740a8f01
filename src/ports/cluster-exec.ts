export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Program and arguments; no shell is in between. Each stands in the URL: keep it short, 32 KiB in all. */
  readonly argv: readonly string[];
  /** Written whole, then closed; empty = the program has no standard input. */
  readonly stdin: Buffer;
  /** Owns the chunk. A returned promise holds the connection back. What it throws ends the program and is thrown by `exec`. */
  stdout(chunk: Buffer): void | Promise<void>;
  /** As `stdout`. */
  stderr(chunk: Buffer): void | Promise<void>;
  readonly signal?: AbortSignal;
  /**
   * Milliseconds without a byte of the program after which it counts as hung; default 60,000. Time in which a consumer holds the
   * connection back does not count. A peer that answers no ping for a minute counts as dead whatever this says.
   */
  readonly idleTimeoutMs?: number;
}

/** How an exec ended. Only `complete` is positive: the server sent its status frame. */
export type ExecStreamEnd = 'complete' | 'cut' | 'timeout' | 'aborted' | 'protocol';

/** What the status frame says; strings are untrusted. */
export interface ExecStatus {
  readonly success: boolean;
  /** `NonZeroExitCode`, `InternalError`, ... or empty. */
  readonly reason: string;
  readonly message: string;
}

export interface ExecEnd {
  /** `cut`: the connection ended without a status frame. `protocol`: the peer broke the protocol and was left. */
  readonly end: ExecStreamEnd;
  /** One line for records: `status frame: Success`, `connection ended without a status frame (1006)`. */
  readonly detail: string;
  /** `null` when there was no frame, or one that cannot be read. */
  readonly status: ExecStatus | null;
  /** 0 with success, what the frame says with `NonZeroExitCode`; `null` when the program was not run to its end. */
  readonly exitCode: number | null;
  readonly auditId: string;
  /** Bytes handed over. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly firstByteAt: string | null;
  readonly lastByteAt: string | null;
}

/**
 * Runs programs in containers through the API server, by WebSocket with the subprotocol `v5.channel.k8s.io` (Kubernetes 1.30 and later;
 * an older server refuses it). Each call carries an Audit-ID of our own making and is in the request log, lost calls included. A status
 * frame proves that the server thinks that it sent everything, not that everything arrived: the caller needs a digest of the far side.
 * Never retried after the upgrade. Safe for concurrent use.
 */
export interface ClusterExec {
  /**
   * Resolves however the program ended once the connection was upgraded, when every byte that came was handed over. Throws what a
   * consumer throws, and before the upgrade: `CLUSTER_FORBIDDEN`, `TARGET_GONE`, `CLUSTER_REFUSED` (any other refusal, with the server's
   * words), `CLUSTER_PROTOCOL` (the peer speaks no v5), `CLUSTER_UNAUTHENTICATED`, `CLUSTER_UNREACHABLE`, `TIMEOUT`, `INTERRUPTED`.
   */
  exec(request: ExecRequest): Promise<ExecEnd>;
  /** Ends what is under way. */
  close(): void;
}
