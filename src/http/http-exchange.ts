import { createHash } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as sendRequest, type Agent } from 'node:https';
import type { Socket } from 'node:net';
import { ExhibitError } from '../model/errors.js';
import type { BodyDigest, BodyEnd } from '../ports/cluster-reader.js';
import type { Clock } from '../ports/clock.js';
import { watchBody, type BodyWatch } from './body-watch.js';
import { framingOf, joinHeaders, type Framing } from './framing.js';
import { headerLines } from './header-lines.js';
import type { HttpEndpoint, HttpHead, HttpReceiver, HttpRequest, HttpResult } from './http-exchange-types.js';
import { tlsPeerSha256 } from './open-connection.js';
import { TransportError, transportFailureOf, type TransportFailure } from './transport-failure.js';

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BRIEF_BYTES = 64 * 1024;

export interface ExchangeParts {
  readonly endpoint: HttpEndpoint;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly request: HttpRequest;
  readonly receiver: HttpReceiver;
}

/** One request and its answer. `run` is called once. */
export class HttpExchange {
  readonly #parts: ExchangeParts;
  readonly #hash = createHash('sha256');
  #resolve: (result: HttpResult) => void = () => undefined;
  #call: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  #framing: Framing = { kind: 'none' };
  #watch: BodyWatch | null = null;
  #headTimer: NodeJS.Timeout | undefined;
  #connected = false;
  #connectedAtUs = 0;
  #head: HttpHead | null = null;
  #failure: TransportFailure | null = null;
  #thrown: { readonly error: unknown } | null = null;
  #decided: { readonly end: BodyEnd; readonly detail: string | null } | null = null;
  #handingOver = false;
  #stray = false;
  #wanted: 'keep' | 'brief' | 'drop' = 'keep';
  #sizeBytes = 0;
  #tlsPeerSha256: string | null = null;
  #headAtMs: number | null = null;
  #headAfterMs: number | null = null;
  #firstByteAtMs: number | null = null;
  #lastByteAtMs: number | null = null;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  run(): Promise<HttpResult> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { signal } = this.#parts.request;
      if (signal?.aborted === true) {
        this.#onAbort();
        return;
      }
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      try {
        this.#send();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #send(): void {
    const { endpoint, agent, request } = this.#parts;
    const call = sendRequest({
      agent,
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: request.target,
      headers: headerLines(request.headers),
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    this.#call = call;
    call.on('socket', (socket: Socket) => {
      this.#onConnection(socket);
    });
    call.on('response', (answer: IncomingMessage) => {
      this.#onHead(answer);
    });
    call.on('error', (error) => {
      this.#onCallError(error);
    });
    call.on('close', () => {
      if (this.#head === null)
        this.#fail(new TransportError('reset', 'the connection was closed before the answer', 'ECONNRESET'));
    });
    call.end(request.body ?? undefined);
  }

  readonly #onAbort = (): void => {
    if (this.#head === null) this.#fail(new TransportError('aborted', 'given up by us'));
    else this.#decide('aborted', 'given up by us');
  };

  #onConnection(socket: Socket): void {
    this.#connected = true;
    this.#tlsPeerSha256 = tlsPeerSha256(socket);
    this.#connectedAtUs = this.#parts.clock.monoUs();
    const limitMs = this.#parts.request.firstByteTimeoutMs;
    this.#headTimer = setTimeout(() => {
      this.#fail(new TransportError('first-byte-timeout', `no answer within ${String(limitMs)} ms`));
    }, limitMs);
  }

  #onCallError(error: Error): void {
    if (this.#head === null) {
      this.#fail(error);
      return;
    }
    // The parser met bytes after the end of a body that was whole: the length was a lie.
    if (this.#answer?.complete === true) this.#stray ||= transportFailureOf(error).step === 'protocol';
    else this.#decide('cut', this.#cutDetail(error));
  }

  #cutDetail(error: unknown): string {
    const expected = this.#framing.kind === 'length' ? ` of ${String(this.#framing.bytes)}` : '';
    return `connection ended after ${String(this.#sizeBytes)}${expected} bytes: ${transportFailureOf(error).message}`;
  }

  #onHead(answer: IncomingMessage): void {
    if (this.#decided !== null) return;
    clearTimeout(this.#headTimer);
    const status = answer.statusCode ?? 0;
    this.#answer = answer;
    this.#headAtMs = this.#parts.clock.nowMs();
    this.#headAfterMs = Math.round((this.#parts.clock.monoUs() - this.#connectedAtUs) / 1000);
    this.#head = { status, headers: joinHeaders(answer.rawHeaders) };
    this.#framing = framingOf(status, answer.rawHeaders);
    try {
      this.#wanted = this.#parts.receiver.head(this.#head);
    } catch (error) {
      this.#onThrown(error);
      return;
    }
    this.#watch = watchBody(this.#parts.request.idleTimeoutMs, (detail) => {
      this.#decide('timeout', detail);
    });
    answer.on('data', (chunk: Buffer) => {
      this.#onChunk(chunk);
    });
    answer.on('end', () => {
      this.#onEnd();
    });
    answer.on('error', (error) => {
      this.#decide('cut', this.#cutDetail(error));
    });
    answer.on('close', () => {
      this.#decide('cut', this.#cutDetail(new Error('closed')));
    });
  }

  #onChunk(chunk: Buffer): void {
    if (this.#decided !== null) return;
    this.#lastByteAtMs = this.#parts.clock.nowMs();
    this.#firstByteAtMs ??= this.#lastByteAtMs;
    this.#watch?.moved(chunk.length);
    const limit = this.#wanted === 'keep' ? this.#parts.request.maxBytes : MAX_BRIEF_BYTES;
    const over = limit !== null && this.#sizeBytes + chunk.length > limit;
    const piece = over ? chunk.subarray(0, limit - this.#sizeBytes) : chunk;
    this.#sizeBytes += piece.length;
    if (!this.#isHashedByReceiver()) this.#hash.update(piece);
    if (this.#wanted !== 'drop' && piece.length > 0) this.#handOver(piece);
    if (over) this.#decide('limit', `longer than the limit of ${String(limit)} bytes`);
  }

  #handOver(piece: Buffer): void {
    let taken: void | Promise<void>;
    try {
      taken = this.#parts.receiver.chunk(piece);
    } catch (error) {
      this.#onThrown(error);
      return;
    }
    if (taken === undefined) return;
    this.#handingOver = true;
    this.#answer?.pause();
    this.#watch?.hold();
    taken.then(
      () => {
        this.#handingOver = false;
        this.#watch?.release();
        if (this.#decided === null) this.#answer?.resume();
        else this.#finish();
      },
      (error: unknown) => {
        this.#handingOver = false;
        this.#onThrown(error);
      },
    );
  }

  #onEnd(): void {
    const framing = this.#framing;
    if (this.#stray)
      this.#decide('cut', `bytes follow the announced end of the body (${String(this.#sizeBytes)} bytes)`);
    else if (framing.kind === 'none') this.#decide('cut', 'no framing: only the end of the connection ended the body');
    else if (this.#answer?.complete !== true) this.#decide('cut', this.#cutDetail(new Error('incomplete')));
    else if (framing.kind === 'length' && framing.bytes !== this.#sizeBytes)
      this.#decide('cut', this.#cutDetail(new Error('wrong length')));
    else this.#decide('complete', null);
  }

  #onThrown(error: unknown): void {
    this.#thrown ??= { error };
    if (this.#decided === null) this.#decide('aborted', 'the receiver failed');
    else this.#finish();
  }

  #fail(error: unknown): void {
    if (this.#decided !== null) return;
    this.#failure = transportFailureOf(error);
    this.#decide(this.#failure.step === 'aborted' ? 'aborted' : 'cut', this.#failure.message);
  }

  #decide(end: BodyEnd, detail: string | null): void {
    if (this.#decided !== null) return;
    this.#decided = { end, detail };
    clearTimeout(this.#headTimer);
    this.#watch?.stop();
    this.#parts.request.signal?.removeEventListener('abort', this.#onAbort);
    if (end !== 'complete') this.#call?.destroy();
    if (!this.#handingOver) this.#finish();
  }

  #isHashedByReceiver(): boolean {
    return this.#wanted === 'keep' && this.#parts.receiver.digest !== undefined;
  }

  /** The receiver's own digest where it hashes; one that does not cover every byte would put a falsehood into the request log. */
  #digest(): string | null {
    if (!this.#isHashedByReceiver() || this.#sizeBytes === 0) return this.#hash.copy().digest('hex');
    let digest: BodyDigest | null = null;
    try {
      digest = this.#parts.receiver.digest?.() ?? null;
    } catch (error) {
      this.#thrown ??= { error };
    }
    if (digest?.sizeBytes === this.#sizeBytes) return digest.sha256;
    this.#thrown ??= { error: new ExhibitError('INTERNAL', 'a receiver did not hash the body that it was handed') };
    return null;
  }

  #finish(): void {
    const sha256 = this.#digest();
    this.#resolve({
      head: this.#head,
      failure: this.#failure,
      thrown: this.#thrown,
      end: this.#decided?.end ?? 'cut',
      endDetail: this.#decided?.detail ?? null,
      sizeBytes: this.#sizeBytes,
      sha256,
      connected: this.#connected,
      tlsPeerSha256: this.#tlsPeerSha256,
      headAtMs: this.#headAtMs,
      headAfterMs: this.#headAfterMs,
      firstByteAtMs: this.#firstByteAtMs,
      lastByteAtMs: this.#lastByteAtMs,
    });
  }
}
