import { setTimeout as pause } from 'node:timers/promises';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { Clock } from '../ports/clock.js';
import type { Timestamper } from '../ports/timestamper.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import type { HttpEndpoint, HttpResult, ProxyEndpoint } from './http-exchange-types.js';
import { chooseProxy } from './proxy-choice.js';

/** Time limits in milliseconds; shorter ones in tests. */
export interface TimestamperLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** One try, from the first byte of the name look-up to the last of the answer. */
  readonly tryMs: number;
  /** Before each further try. */
  readonly pausesMs: readonly number[];
}

const LIMITS: TimestamperLimits = {
  connectMs: 10_000,
  firstByteMs: 20_000,
  idleMs: 10_000,
  tryMs: 30_000,
  pausesMs: [500, 2000],
};

/** Real answers have 3 to 8 KiB. */
const MAX_ANSWER_BYTES = 64 * 1024;
const TRANSIENT_STATUS = new Set([429, 500, 502, 503, 504]);
const TRANSIENT_STEPS = new Set(['refused', 'reset', 'connect-timeout', 'network']);

export interface HttpTimestamperOptions {
  /** http or https, without user information. The token is judged by its signature, not by the way it came. */
  readonly url: string;
  readonly userAgent: string;
  /** For the choice of a proxy. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly onRetry: (text: string) => void;
  readonly limits?: Partial<TimestamperLimits>;
}

interface Answer {
  readonly result: HttpResult;
  readonly body: Buffer;
}

function failed(url: string, why: string): ExhibitError {
  return new ExhibitError('TIMESTAMP_FAILED', why, { subject: url, retryable: true });
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function proxyOf(url: URL, { variables, url: shown }: HttpTimestamperOptions): ProxyEndpoint | null {
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  const text = chooseProxy(variables, { protocol, host: hostOf(url), port: portOf(url) });
  if (text === null) return null;
  const proxy = URL.canParse(text) ? new URL(text) : null;
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:'))
    throw failed(shown, 'the proxy that the environment names cannot be used; http and https ones can');
  const { username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return {
    protocol: proxy.protocol,
    host: hostOf(proxy),
    port: portOf(proxy),
    authorization: username === '' ? null : `Basic ${credentials.toString('base64')}`,
  };
}

function endpointOf(url: URL, options: HttpTimestamperOptions, connectTimeoutMs: number): HttpEndpoint {
  return {
    protocol: url.protocol === 'https:' ? 'https:' : 'http:',
    host: hostOf(url),
    port: portOf(url),
    ca: null,
    serverName: null,
    insecure: false,
    clientCertificate: null,
    proxy: proxyOf(url, options),
    connectTimeoutMs,
    maxConnections: 1,
  };
}

interface Problem {
  readonly why: string;
  readonly isTransient: boolean;
}

/** Old servers end a body by closing the connection. A token that is cut off is found out by its own lengths. */
function isEndedByClosing({ head, end, sizeBytes }: HttpResult): boolean {
  const isFramed = head?.headers['content-length'] !== undefined || head?.headers['transfer-encoding'] !== undefined;
  return end === 'cut' && !isFramed && sizeBytes > 0;
}

/** What is wrong with an answer; `null` = its body is whole and can be judged. */
function problemOf({ result }: Answer): Problem | null {
  const { head, failure, end, endDetail } = result;
  if (failure !== null) {
    const isTransient = TRANSIENT_STEPS.has(failure.step) || failure.code === 'EAI_AGAIN';
    return { why: `it cannot be reached: ${failure.message}`, isTransient };
  }
  const status = head?.status ?? 0;
  if (status !== 200)
    return { why: `it answered with HTTP status ${String(status)}`, isTransient: TRANSIENT_STATUS.has(status) };
  if (end === 'complete' || isEndedByClosing(result)) return null;
  return { why: `its answer was not read to the end: ${endDetail ?? ''}`, isTransient: end === 'cut' };
}

class HttpTimestamper implements Timestamper {
  readonly url: string;
  readonly #options: HttpTimestamperOptions;
  readonly #limits: TimestamperLimits;

  constructor(options: HttpTimestamperOptions) {
    this.url = options.url;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  async stamp(request: Uint8Array, signal?: AbortSignal, onDate?: (httpDate: string) => void): Promise<Buffer> {
    const url = new URL(this.url);
    const client = createHttpClient(endpointOf(url, this.#options, this.#limits.connectMs), this.#options.clock);
    try {
      const { result, body } = await this.#tryAll(client, Buffer.from(request), signal);
      const date = result.head?.headers['date'];
      if (date !== undefined) onDate?.(date);
      return body;
    } finally {
      client.close();
    }
  }

  async #tryAll(client: HttpClient, request: Buffer, signal: AbortSignal | undefined): Promise<Answer> {
    const pauses = this.#limits.pausesMs;
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#try(client, request, signal);
      const problem = problemOf(answer);
      if (problem === null) return answer;
      const pauseMs = pauses[tries];
      if (!problem.isTransient || pauseMs === undefined || signal?.aborted === true)
        throw failed(this.url, `the time-stamping authority gave no token: ${escapeForTerminal(problem.why, 300)}`);
      this.#options.onRetry(`${this.url} is asked again: ${escapeForTerminal(problem.why, 300)}`);
      await pause(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }

  async #try(client: HttpClient, body: Buffer, signal: AbortSignal | undefined): Promise<Answer> {
    const limit = AbortSignal.timeout(this.#limits.tryMs);
    const { pathname, search, host } = new URL(this.url);
    const chunks: Buffer[] = [];
    const result = await client.exchange(
      {
        method: 'POST',
        target: `${pathname}${search}`,
        headers: [
          ['Host', host],
          ['Content-Type', 'application/timestamp-query'],
          ['Content-Length', String(body.length)],
          ['Accept', 'application/timestamp-reply'],
          ['User-Agent', this.#options.userAgent],
        ],
        body,
        firstByteTimeoutMs: this.#limits.firstByteMs,
        idleTimeoutMs: this.#limits.idleMs,
        maxBytes: MAX_ANSWER_BYTES,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      },
      {
        head: ({ status }) => (status === 200 ? 'keep' : 'drop'),
        chunk: (bytes) => void chunks.push(bytes),
      },
    );
    return { result, body: Buffer.concat(chunks) };
  }
}

/** A time-stamping authority that is reached by HTTP POST, as RFC 3161 has it. Follows no redirect; bounded in size, time and tries. */
export function createHttpTimestamper(options: HttpTimestamperOptions): Timestamper {
  return new HttpTimestamper(options);
}
