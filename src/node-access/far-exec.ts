/** How one far side starts a program and carries its three streams: a child process here, ssh, an exec through the API server. */
export interface FarExec {
  readonly argv: readonly string[];
  /** Written whole, then closed. */
  readonly stdin: Buffer;
  /** A returned promise holds the stream back. What it throws ends the program and is thrown by `start`. */
  stdout(chunk: Buffer): void | Promise<void>;
  stderr(chunk: Buffer): void;
  /** Ends the program and both streams. */
  readonly signal: AbortSignal;
}

export interface FarExecEnd {
  /** How the transport itself ended in plain words: `exit 0`, `status frame: Success`, `connection reset`. */
  readonly detail: string;
  /** Of the API call that carried it, where there was one. */
  readonly auditId: string | null;
}

/** Resolves when both streams are at their end and everything was handed over; throws `NODE_ACCESS_LOST` when nothing could be started. */
export type StartFar = (exec: FarExec) => Promise<FarExecEnd>;
