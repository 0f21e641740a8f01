import type WebSocket from 'ws';
import { toRfc3339 } from '../lib/clock.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Clock } from '../ports/clock.js';
import type { ExecEnd, ExecRequest, ExecStreamEnd } from '../ports/cluster-exec.js';
import { STATUS, STDERR, STDOUT, stdinMessages, CLOSE } from './exec-channels.js';
import { type ExecResult, parseExecStatus } from './exec-status.js';
import { watchPeer } from './watch-peer.js';

const IDLE_TIMEOUT_MS = 60_000;
const MAX_STATUS_BYTES = 64 * 1024;

export interface ExecTiming {
  readonly pingMs: number;
  /** Without data and without an answer to a ping. */
  readonly deadPeerMs: number;
  /** Silence after the status frame until the connection is given up, which the server ends itself. */
  readonly closeMs: number;
}

export const EXEC_TIMING: ExecTiming = { pingMs: 5000, deadPeerMs: 60_000, closeMs: 5000 };

export interface SessionParts {
  /** Open and paused. */
  readonly socket: WebSocket;
  readonly request: ExecRequest;
  readonly clock: Clock;
  readonly signal: AbortSignal | null;
  readonly timing: ExecTiming;
}

type Piece = readonly [channel: typeof STDOUT | typeof STDERR, bytes: Buffer];

/** One running program. `run` is called once. */
export class ExecSession {
  readonly #parts: SessionParts;
  readonly #queue: Piece[] = [];
  readonly #bytes = { [STDOUT]: 0, [STDERR]: 0 };
  readonly #watch;
  #resolve: () => void = () => undefined;
  #delivering = false;
  #closed: string | null = null;
  #ended: { readonly end: ExecStreamEnd; readonly detail: string } | null = null;
  #thrown: { readonly error: unknown } | null = null;
  #result: ExecResult | null = null;
  #closeTimer: NodeJS.Timeout | undefined;
  #firstByteAt: string | null = null;
  #lastByteAt: string | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { socket, timing, clock } = parts;
    this.#watch = watchPeer({
      idleMs: parts.request.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      timing,
      clock,
      ping: () => {
        socket.ping(() => undefined);
      },
      onDead: (detail) => {
        this.#end('timeout', detail);
      },
    });
  }

  /** Resolves when the connection is gone and everything that came was handed over. Throws what a consumer threw. */
  async run(): Promise<Omit<ExecEnd, 'auditId'>> {
    const { signal } = this.#parts;
    const gone = new Promise<void>((resolve) => (this.#resolve = resolve));
    const onAbort = (): void => {
      this.#end('aborted', 'given up by us');
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#listen();
    if (signal?.aborted === true) onAbort();
    void this.#sendStdin();
    try {
      await gone;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(this.#closeTimer);
      this.#watch.stop();
    }
    if (this.#thrown !== null) throw this.#thrown.error;
    return this.#judge();
  }

  #listen(): void {
    const { socket } = this.#parts;
    socket.on('message', (data, isBinary) => {
      this.#onMessage(data as Buffer, isBinary);
    });
    socket.on('pong', () => {
      this.#watch.alive();
    });
    socket.on('error', (error) => {
      // Of a connection that broke nothing comes here but the close; this is a frame that is none.
      this.#end('protocol', `the peer broke the protocol: ${escapeForTerminal(error.message, 200)}`);
    });
    socket.on('close', (code, reason) => {
      this.#onClose(code, reason);
    });
    if (socket.readyState === socket.CLOSED) this.#onClose(1006, Buffer.alloc(0));
    else socket.resume();
  }

  #onClose(code: number, reason: Buffer): void {
    const words = reason.length === 0 ? '' : `, ${escapeForTerminal(reason.toString('utf8'), 100)}`;
    this.#closed ??= `${String(code)}${words}`;
    this.#finishIfDone();
  }

  async #sendStdin(): Promise<void> {
    const { socket, request } = this.#parts;
    if (request.stdin.length === 0) return;
    for (const message of stdinMessages(request.stdin)) {
      // A program that does not read its input ends without it: what cannot be sent is no failure of its own.
      const sent = await new Promise<boolean>((resolve) => {
        socket.send(message, (error) => {
          resolve(error === undefined || (error as Error | null) === null);
        });
      });
      if (!sent) return;
    }
  }

  #onMessage(message: Buffer, isBinary: boolean): void {
    if (this.#ended !== null) return;
    const channel = message[0];
    const bytes = message.subarray(1);
    if (!isBinary || channel === undefined) this.#violate('a message that is not of the protocol');
    else if (channel === STDOUT || channel === STDERR) this.#onData(channel, bytes);
    else if (channel === STATUS) this.#onStatus(bytes);
    else if (channel !== CLOSE) this.#violate(`a message on channel ${String(channel)}`);
  }

  #violate(what: string): void {
    this.#end('protocol', `the peer broke the protocol: ${what}`);
  }

  #onStatus(bytes: Buffer): void {
    // The server announces each of its channels with an empty message.
    if (bytes.length === 0) return;
    if (this.#result !== null) {
      this.#violate('a second status frame');
      return;
    }
    this.#result = bytes.length > MAX_STATUS_BYTES ? null : parseExecStatus(bytes);
    if (this.#result === null) {
      this.#violate('a status frame that cannot be read');
      return;
    }
    this.#watch.stop();
    this.#awaitClose();
  }

  /** The server closes when it has sent the frame. One that does not is left, but never while bytes of it may be unread. */
  #awaitClose(): void {
    clearTimeout(this.#closeTimer);
    this.#closeTimer = setTimeout(() => {
      if (this.#delivering) this.#awaitClose();
      else this.#parts.socket.terminate();
    }, this.#parts.timing.closeMs);
  }

  #onData(channel: Piece[0], bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#lastByteAt = toRfc3339(this.#parts.clock.nowMs());
    this.#firstByteAt ??= this.#lastByteAt;
    this.#watch.moved();
    this.#closeTimer?.refresh();
    this.#queue.push([channel, bytes]);
    if (!this.#delivering) this.#deliver();
  }

  /** Hands over what is queued until a consumer asks for time; then the connection is held back. Returns whether all was handed over. */
  #deliver(): boolean {
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      const taken = this.#handOver(piece);
      if (taken === undefined) continue;
      this.#hold();
      taken.then(
        () => {
          this.#release();
        },
        (error: unknown) => {
          this.#fail(error);
          this.#release();
        },
      );
      return false;
    }
    this.#finishIfDone();
    return true;
  }

  #handOver([channel, bytes]: Piece): void | Promise<void> {
    if (this.#thrown !== null) return undefined;
    this.#bytes[channel] += bytes.length;
    const { request } = this.#parts;
    try {
      return channel === STDOUT ? request.stdout(bytes) : request.stderr(bytes);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #hold(): void {
    this.#delivering = true;
    this.#parts.socket.pause();
    this.#watch.hold();
  }

  #release(): void {
    this.#delivering = false;
    if (!this.#deliver()) return;
    this.#watch.release();
    this.#parts.socket.resume();
  }

  #fail(error: unknown): void {
    this.#thrown ??= { error };
    this.#end('aborted', 'the receiver failed');
  }

  /** Ends it ourselves; the first reason stands. */
  #end(end: ExecStreamEnd, detail: string): void {
    if (this.#ended !== null) return;
    this.#ended = { end, detail };
    this.#watch.stop();
    this.#parts.socket.terminate();
  }

  #finishIfDone(): void {
    if (this.#closed !== null && !this.#delivering && this.#queue.length === 0) this.#resolve();
  }

  #judge(): Omit<ExecEnd, 'auditId'> {
    const frame = this.#result;
    const common = {
      status: frame?.status ?? null,
      exitCode: frame?.exitCode ?? null,
      stdoutBytes: this.#bytes[STDOUT],
      stderrBytes: this.#bytes[STDERR],
      firstByteAt: this.#firstByteAt,
      lastByteAt: this.#lastByteAt,
    };
    if (this.#ended !== null) return { ...common, ...this.#ended };
    if (frame === null)
      return { ...common, end: 'cut', detail: `connection ended without a status frame (${this.#closed ?? ''})` };
    const words = [frame.status.reason, frame.status.message].filter((text) => text !== '').join(': ');
    const said = frame.status.success ? 'Success' : `Failure ${escapeForTerminal(words, 500)}`;
    return { ...common, end: 'complete', detail: `status frame: ${said.trimEnd()}` };
  }
}
