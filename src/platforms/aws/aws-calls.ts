import { setTimeout as delay } from 'node:timers/promises';
import { jitter } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { AwsClients } from './aws-clients.js';
import { type AwsFailure, awsFailure } from './aws-failure.js';
import type { AwsSettings } from './client-settings.js';
import { interruptedBy } from './interrupted-by.js';
import { platformError } from './platform-error.js';

export interface Sending {
  readonly abortSignal?: AbortSignal;
}

/** A call that failed, before it is judged what that means for whoever asked. */
export class AwsCallFailed extends Error {
  readonly failure: AwsFailure;
  readonly permission: string;

  constructor(failure: AwsFailure, permission: string) {
    super(`${permission}: ${failure.name}`, { cause: failure.cause });
    this.name = 'AwsCallFailed';
    this.failure = failure;
    this.permission = permission;
  }
}

interface Answered {
  readonly $metadata: { readonly requestId?: string | undefined };
}

export interface AwsCallsOptions {
  readonly clients: AwsClients;
  readonly settings: AwsSettings;
  readonly signal: AbortSignal | undefined;
  readonly subject: string;
}

const THROTTLE_PAUSES_MS = [500, 1000, 2000, 4000];
const MAX_REQUEST_IDS = 200;
/** As which a signature with the wrong time is refused. */
const SKEWED =
  /^(AuthFailure|InvalidSignatureException|RequestExpired|RequestInTheFuture|RequestTimeTooSkewed|SignatureDoesNotMatch)$/;

/** The calls of one question or one change, and their request ids. */
export class AwsCalls {
  readonly requestIds: string[] = [];
  readonly clients: AwsClients;
  readonly settings: AwsSettings;
  readonly subject: string;
  readonly #signal: AbortSignal | undefined;
  #changes = 0;

  constructor({ clients, settings, signal, subject }: AwsCallsOptions) {
    this.clients = clients;
    this.settings = settings;
    this.subject = subject;
    this.#signal = signal;
  }

  /** Changing calls that AWS took. */
  get changes(): number {
    return this.#changes;
  }

  /** A call that changes nothing. Throws `AwsCallFailed`, `INTERRUPTED`. */
  async read<T extends Answered>(permission: string, send: (sending: Sending) => Promise<T>): Promise<T> {
    return await this.#attempt(permission, () => send(this.#signal === undefined ? {} : { abortSignal: this.#signal }));
  }

  /**
   * A call that changes something: sent once, and not given up once it is sent. Where it is idempotent it is repeated when AWS says that it
   * did nothing because of too many calls.
   */
  async change<T extends Answered>(
    permission: string,
    send: () => Promise<T>,
    { idempotent = false }: { readonly idempotent?: boolean } = {},
  ): Promise<T> {
    const pausesMs = idempotent ? [...THROTTLE_PAUSES_MS] : [];
    let mayBeSkewed = true;
    for (;;) {
      try {
        return await this.#changed(permission, send);
      } catch (error) {
        if (isFailure(error, SKEWED) && mayBeSkewed) {
          // Refused at the door: the SDK has set its clock by that answer, and signs the next one right.
          mayBeSkewed = false;
          continue;
        }
        const pauseMs = isThrottled(error) ? pausesMs.shift() : undefined;
        if (pauseMs === undefined) throw error;
        await delay(pauseMs * (0.5 + jitter()));
      }
    }
  }

  /** What a `Platform` throws for a failure that nobody expected. */
  error(thrown: unknown): unknown {
    if (!(thrown instanceof AwsCallFailed)) return thrown;
    const { failure, permission } = thrown;
    const { settings, subject } = this;
    return platformError(failure, { settings, signal: this.#signal, subject, permission });
  }

  async #changed<T extends Answered>(permission: string, send: () => Promise<T>): Promise<T> {
    const value = await this.#attempt(permission, send);
    this.#changes += 1;
    return value;
  }

  async #attempt<T extends Answered>(permission: string, send: () => Promise<T>): Promise<T> {
    try {
      const value = await send();
      this.#keep(value.$metadata.requestId ?? null);
      return value;
    } catch (error) {
      if (error instanceof ExhibitError) throw error;
      const failure = awsFailure(error);
      this.#keep(failure.requestId);
      if (failure.kind === 'aborted') throw interruptedBy(this.#signal, this.subject);
      throw new AwsCallFailed(failure, permission);
    }
  }

  #keep(requestId: string | null): void {
    if (requestId !== null && this.requestIds.length < MAX_REQUEST_IDS && /^[\w-]{1,128}$/.test(requestId))
      this.requestIds.push(requestId);
  }
}

function isThrottled(thrown: unknown): boolean {
  return thrown instanceof AwsCallFailed && thrown.failure.kind === 'throttled';
}

/** AWS's own name for a failure is one of these. */
export function isFailure(thrown: unknown, pattern: RegExp): thrown is AwsCallFailed {
  return thrown instanceof AwsCallFailed && pattern.test(thrown.failure.name);
}
