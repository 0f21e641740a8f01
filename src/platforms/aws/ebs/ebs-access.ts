import { EBSClient } from '@aws-sdk/client-ebs';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { jitter } from '../../../lib/clock.js';
import { ExhibitError } from '../../../model/errors.js';
import type { Clock } from '../../../ports/clock.js';
import { type AwsClientSettings, loggedConfiguration } from '../ec2-client.js';
import { interruptedBy } from '../interrupted-by.js';
import { logCalls } from '../log-calls.js';
import { silentConstruction } from '../silent-construction.js';
import { AdaptiveGate } from './adaptive-gate.js';
import { BlockBuffers } from './block-buffers.js';
import { type EbsCall, type EbsFailure, ebsError, ebsFailure } from './ebs-failure.js';
import { type EndRead, logBlockReads } from './log-block-reads.js';

export interface EbsSettings extends AwsClientSettings {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Requests for blocks a second; default half of what AWS grants an account from the start. */
  readonly maxPerSecond?: number;
  /** Waits; for tests. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** 1,000 GetSnapshotBlock requests a second are what an account has before it asks for more; others need their half. */
const HALF_OF_THE_QUOTA = 500;
/** As many blocks of half a MiB as are in memory at most. */
const MAX_ACTIVE = 32;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** Some two minutes of being asked to slow down, with the longest pause. */
const MAX_THROTTLES = 20;
const MAX_REPEATS = 6;

/** An answer that is whole and not true. It is asked for again, since a line may be bad; a service that lies goes on lying. */
export class UntrueAnswer extends Error {}

/** Clients, gate and counters of everything that reads blocks in one run. Requests are repeated here alone, never by the SDK. */
export class EbsAccess {
  readonly settings: EbsSettings;
  readonly lists: EBSClient;
  readonly blocks: EBSClient;
  readonly gate: AdaptiveGate;
  readonly buffers = new BlockBuffers();
  readonly idleTimeoutMs: number;
  readonly endOf: (body: object) => EndRead | undefined;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #requests = 0;
  #throttled = 0;
  #repeated = 0;

  constructor(settings: EbsSettings) {
    this.settings = settings;
    this.idleTimeoutMs = settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.#signal = AbortSignal.any([settings.signal, this.#ending.signal]);
    // Each request that runs listens to it.
    setMaxListeners(0, this.#signal);
    this.lists = this.#client();
    this.blocks = this.#client();
    const { logging = null } = settings;
    if (logging !== null) logCalls(this.lists, logging);
    this.endOf = logging === null ? () => undefined : logBlockReads(this.blocks, logging);
    this.gate = new AdaptiveGate({
      maxActive: MAX_ACTIVE,
      maxPerSecond: settings.maxPerSecond ?? HALF_OF_THE_QUOTA,
      clock: settings.clock,
      pause: async (ms) => await this.#pause(ms, ''),
    });
  }

  counts() {
    return { requests: this.#requests, throttled: this.#throttled, repeated: this.#repeated };
  }

  /** Sends until it is answered well. `expects` = failures that are thrown as they are, for the caller to deal with. */
  async persist<T>(
    call: EbsCall,
    send: (abortSignal: AbortSignal) => Promise<T>,
    expects: (failure: EbsFailure) => boolean = () => false,
  ): Promise<T> {
    for (let throttles = 0, repeats = 0; ;) {
      this.#requests += 1;
      try {
        return await this.gate.run(
          async () => await send(this.#signal),
          (error) => ebsFailure(error).kind === 'throttled',
        );
      } catch (error) {
        const failure = this.#judge(error, call, expects);
        if (failure?.kind === 'throttled') throttles += 1;
        else repeats += 1;
        if (throttles > MAX_THROTTLES || repeats > MAX_REPEATS) throw this.#givenUp(error, failure, call);
        if (failure?.kind === 'throttled') this.#throttled += 1;
        else this.#repeated += 1;
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (throttles + repeats));
        await this.#pause(pauseMs * (0.5 + jitter() / 2), call.snapshot);
      }
    }
  }

  close(): void {
    this.#ending.abort();
    this.lists.destroy();
    this.blocks.destroy();
  }

  /** `null` = an untrue answer. Throws what asking again does not help against. */
  #judge(error: unknown, call: EbsCall, expects: (failure: EbsFailure) => boolean): EbsFailure | null {
    if (this.#signal.aborted) throw interruptedBy(this.settings.signal, call.snapshot);
    if (error instanceof ExhibitError) throw error;
    if (error instanceof UntrueAnswer) return null;
    const failure = ebsFailure(error);
    if (expects(failure)) throw error;
    if (failure.kind !== 'throttled' && failure.kind !== 'again') throw ebsError(failure, call, this.settings);
    return failure;
  }

  #givenUp(error: unknown, failure: EbsFailure | null, call: EbsCall): ExhibitError {
    return failure === null
      ? untrue(call.snapshot, (error as UntrueAnswer).message)
      : ebsError(failure, call, this.settings);
  }

  async #pause(ms: number, subject: string): Promise<void> {
    const wait = this.settings.pause ?? (async (pauseMs, signal) => await pause(pauseMs, undefined, { signal }));
    await wait(ms, this.#signal).catch(() => {
      throw interruptedBy(this.settings.signal, subject);
    });
  }

  #client(): EBSClient {
    const agent = { keepAlive: true, maxSockets: MAX_ACTIVE };
    return silentConstruction(
      () =>
        new EBSClient({
          ...loggedConfiguration(this.settings),
          maxAttempts: 1,
          requestHandler: {
            connectionTimeout: CONNECT_TIMEOUT_MS,
            socketTimeout: this.idleTimeoutMs,
            ...{ httpAgent: agent, httpsAgent: agent },
          },
        }),
    );
  }
}

/** What the service said cannot be, whatever it is asked. */
export function untrue(snapshot: string, text: string): ExhibitError {
  return new ExhibitError('PLATFORM_FAILED', `EBS answers what cannot be true: ${text}`, {
    subject: snapshot,
    safe: 'None of it is taken for evidence.',
    hints: [`aws ec2 describe-snapshots --snapshot-ids ${snapshot}`],
  });
}
