import { createHash, type Hash } from 'node:crypto';
import { toRfc3339 } from '../lib/clock.js';
import type { Clock, Ids } from '../ports/clock.js';
import type {
  KeptBytes,
  NodeCommand,
  NodeCommandEnd,
  NodeStreamConsumer,
  NodeStreamEnd,
} from '../ports/node-access.js';
import { FarStderr, type EndLine } from './end-line.js';
import type { FarExecEnd, StartFar } from './far-exec.js';
import { farScriptOf } from './far-script.js';

const MAX_BYTES = 1024 * 1024 * 1024;
/** Complaints of a script; more than that is a far side that wants to keep us busy. */
const MAX_STDERR_BYTES = 64 * 1024 * 1024;
const IDLE_TIMEOUT_MS = 60_000;
/** What no script of ours needs; the far side's own deadlines are no longer. */
const WHOLE_TIMEOUT_MS = 2 * 3600 * 1000;
/** A byte now and then would keep a script from ever being silent: so many are expected in each idle time, on average. */
const BYTES_PER_IDLE_TIME = 64;
/** Idle times after which the average counts. */
const PATIENT_FOR = 10;
/** How long a transport may take to let go of a stream that we ended. */
const LET_GO_MS = 10_000;

export interface FarSide {
  readonly start: StartFar;
  readonly root: string;
  readonly proc: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** `null` = not held back; left out = 50 MiB/s. */
  readonly rateBytesPerSecond?: number | null;
}

/** Why we ended a stream ourselves. */
class Ended extends Error {
  readonly end: NodeStreamEnd;

  constructor(end: NodeStreamEnd, detail: string) {
    super(detail);
    this.end = end;
  }
}

/** One running script: counts, hashes, and ends it when it is too long, too slow or too silent. */
class FarRun {
  readonly #command: NodeCommand;
  readonly #far: FarSide;
  readonly #consumer: NodeStreamConsumer;
  readonly #nonce: string;
  /** `null` where the consumer hashes what it takes. */
  readonly #hash: Hash | null;
  readonly #stderr = new FarStderr();
  readonly #abort = new AbortController();
  #sizeBytes = 0;
  #stderrBytes = 0;
  #firstByteMs: number | null = null;
  #lastByteMs: number | null = null;
  #idle: NodeJS.Timeout | undefined;
  #whole: NodeJS.Timeout | undefined;
  #letGo: NodeJS.Timeout | undefined;
  /** While the consumer holds the stream back the silence is ours. */
  #held = 0;
  #heldSinceMs = 0;
  #heldMs = 0;
  readonly #begunMs = performance.now();

  constructor(command: NodeCommand, far: FarSide, consumer: NodeStreamConsumer) {
    this.#command = command;
    this.#far = far;
    this.#consumer = consumer;
    this.#hash = consumer.kept === undefined ? createHash('sha256') : null;
    this.#nonce = far.ids.uuid().replaceAll('-', '');
  }

  async run(): Promise<NodeCommandEnd> {
    const { signal, timeoutMs } = this.#command;
    const script = farScriptOf(this.#command, { nonce: this.#nonce, root: this.#far.root, proc: this.#far.proc });
    const onAbort = (): void => {
      this.#end('aborted', 'the run was interrupted');
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs === undefined) this.#endAfterWhole();
    else
      this.#whole = setTimeout(() => {
        this.#endLate(timeoutMs);
      }, timeoutMs);
    this.#rearm();
    try {
      const { detail, auditId } = await Promise.race([this.#start(script), this.#abandoned()]);
      return this.#judge(detail, auditId, script.recorded);
    } catch (error) {
      if (error === this.#abort.signal.reason && error instanceof Ended)
        return this.#judge(error.message, null, script.recorded);
      throw error;
    } finally {
      for (const timer of [this.#whole, this.#idle, this.#letGo]) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #start({ argv, stdin }: { readonly argv: readonly string[]; readonly stdin: Buffer }): Promise<FarExecEnd> {
    return await this.#far.start({
      argv,
      stdin,
      stdout: (chunk) => this.#take(chunk),
      stderr: (chunk) => {
        this.#hear(chunk);
      },
      signal: this.#abort.signal,
    });
  }

  /** Rejects a while after we ended the stream, when nothing of it is in the consumer's hands any more: a transport may hang, too. */
  #abandoned(): Promise<never> {
    return new Promise((_, reject) => {
      const wait = (): void => {
        this.#letGo = setTimeout(() => {
          if (this.#held > 0) wait();
          else reject(this.#abort.signal.reason as Ended);
        }, LET_GO_MS);
      };
      if (this.#abort.signal.aborted) wait();
      else this.#abort.signal.addEventListener('abort', wait, { once: true });
    });
  }

  #end(end: NodeStreamEnd, detail: string): void {
    this.#abort.abort(new Ended(end, detail));
  }

  #endLate(timeoutMs: number): void {
    this.#end('timeout', `not at its end after ${String(timeoutMs)} ms`);
  }

  /** Since the begin, without what the consumer took for itself. */
  get #passedMs(): number {
    const now = performance.now();
    return now - this.#begunMs - this.#heldMs - (this.#held > 0 ? now - this.#heldSinceMs : 0);
  }

  /** A command without a time-out of its own: what is held back by us does not count. */
  #endAfterWhole(): void {
    const leftMs = WHOLE_TIMEOUT_MS - this.#passedMs;
    if (leftMs <= 0) this.#endLate(WHOLE_TIMEOUT_MS);
    else
      this.#whole = setTimeout(
        () => {
          this.#endAfterWhole();
        },
        Math.max(1000, leftMs),
      );
  }

  #endDrip(idleMs: number): void {
    const idleTimes = this.#passedMs / idleMs;
    const sizeBytes = this.#sizeBytes + this.#stderrBytes;
    if (idleTimes > PATIENT_FOR && sizeBytes < idleTimes * BYTES_PER_IDLE_TIME)
      this.#end('timeout', `only ${String(sizeBytes)} bytes in ${String(Math.round(this.#passedMs))} ms`);
  }

  #rearm(): void {
    const idleMs = this.#command.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    if (this.#command.timeoutMs === undefined) this.#endDrip(idleMs);
    if (this.#held > 0) {
      clearTimeout(this.#idle);
      this.#idle = undefined;
    } else if (this.#idle === undefined)
      this.#idle = setTimeout(() => {
        this.#end('timeout', `silent for ${String(idleMs)} ms`);
      }, idleMs);
    else this.#idle.refresh();
  }

  #hear(chunk: Buffer): void {
    this.#rearm();
    this.#stderrBytes += chunk.length;
    this.#stderr.feed(chunk);
    if (this.#stderrBytes > MAX_STDERR_BYTES)
      this.#end('limit', `ended by us after ${String(MAX_STDERR_BYTES)} bytes of complaints`);
  }

  /** A promise is made only where the consumer makes one: each costs the transport a pause. */
  #take(received: Buffer): void | Promise<void> {
    if (this.#abort.signal.aborted) return undefined;
    const room = (this.#command.maxBytes ?? MAX_BYTES) - this.#sizeBytes;
    const chunk = received.length > room ? received.subarray(0, room) : received;
    this.#lastByteMs = this.#far.clock.nowMs();
    this.#firstByteMs ??= this.#lastByteMs;
    this.#sizeBytes += chunk.length;
    this.#hash?.update(chunk);
    const isOver = received.length > room;
    const taken = chunk.length === 0 ? undefined : this.#consumer.chunk(chunk);
    if (taken !== undefined) return this.#whileHeld(taken, isOver);
    this.#rearm();
    if (isOver) this.#endFull();
    return undefined;
  }

  async #whileHeld(taken: Promise<void>, isOver: boolean): Promise<void> {
    if (this.#held === 0) this.#heldSinceMs = performance.now();
    this.#held += 1;
    this.#rearm();
    try {
      await taken;
    } finally {
      this.#held -= 1;
      if (this.#held === 0) this.#heldMs += performance.now() - this.#heldSinceMs;
      this.#rearm();
    }
    if (isOver) this.#endFull();
  }

  #endFull(): void {
    this.#end('limit', `ended by us after ${String(this.#sizeBytes)} bytes`);
  }

  #received(): KeptBytes {
    if (this.#hash !== null) return { sha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes };
    return this.#consumer.kept?.() ?? { sha256: '', sizeBytes: 0 };
  }

  #verdict(line: EndLine | null, kept: KeptBytes, detail: string): { end: NodeStreamEnd; endDetail: string | null } {
    const reason: unknown = this.#abort.signal.reason;
    if (reason instanceof Ended) return { end: reason.end, endDetail: reason.message };
    if (line === null) return { end: 'cut', endDetail: `the far side did not say that it had ended (${detail})` };
    if (kept.sizeBytes !== this.#sizeBytes)
      return { end: 'corrupt', endDetail: 'not all of the bytes that arrived were kept' };
    if (line.sha256 !== kept.sha256) return { end: 'corrupt', endDetail: 'the far side sent other bytes than arrived' };
    return { end: 'complete', endDetail: null };
  }

  #judge(detail: string, auditId: string | null, argv: readonly string[]): NodeCommandEnd {
    const kept = this.#received();
    const line = this.#stderr.endLine(this.#nonce);
    return {
      ...this.#verdict(line, kept, detail),
      exitStatus: line?.exitStatus ?? null,
      sizeBytes: this.#sizeBytes,
      sha256: kept.sha256,
      farSha256: line?.sha256 ?? null,
      stderr: this.#stderr.text(this.#nonce),
      argv,
      auditId,
      firstByteAt: this.#firstByteMs === null ? null : toRfc3339(this.#firstByteMs),
      lastByteAt: this.#lastByteMs === null ? null : toRfc3339(this.#lastByteMs),
    };
  }
}

/** Runs a script on a far side. Throws what the consumer throws, `NODE_ACCESS_LOST` when it never began, `RangeError` beyond the port's bounds. */
export async function runFarScript(
  command: NodeCommand,
  far: FarSide,
  consumer: NodeStreamConsumer,
): Promise<NodeCommandEnd> {
  return await new FarRun(command, far, consumer).run();
}
