import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { parseInstant } from '../../lib/clock.js';
import { ExhibitError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { CloudIdentity } from '../../ports/platform.js';
import type { RequestLog } from '../../ports/request-log.js';
import type { AwsCalls } from './aws-calls.js';

const ACCOUNT = /^\d{12}$/;
const PRINCIPAL = /^arn:aws[a-z-]{0,12}:(?:iam|sts)::\d{12}:[\w+=,.@/-]{1,600}$/;
/** The Date of an answer is cut to whole seconds. */
const HALF_A_SECOND_MS = 500;

/** A request log in front of another one that remembers when the last call began and ended and the Date of its answer. */
export class DateWatch implements RequestLog {
  readonly #behind: RequestLog | null;
  readonly #clock: Clock;
  #sentAtMs = 0;
  #offsetMs: number | null = null;

  constructor(behind: RequestLog | null, clock: Clock) {
    this.#behind = behind;
    this.#clock = clock;
  }

  /** Remote minus local, of the middle of the call; `null` = no answer had a Date. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  begin(...args: Parameters<RequestLog['begin']>): number {
    this.#sentAtMs = this.#clock.nowMs();
    return this.#behind?.begin(...args) ?? 0;
  }

  end(...args: Parameters<RequestLog['end']>): void {
    this.#behind?.end(...args);
    const { serverDate } = args[1];
    const remoteMs = serverDate === null ? null : parseInstant(serverDate);
    if (remoteMs === null) return;
    const middleMs = (this.#sentAtMs + this.#clock.nowMs()) / 2;
    this.#offsetMs = Math.round(remoteMs + HALF_A_SECOND_MS - middleMs);
  }
}

/** Who we are. `watch` has seen the call. Throws `AwsCallFailed`, `PLATFORM_UNREACHABLE` for an answer that is none. */
export async function readIdentity(calls: AwsCalls, watch: DateWatch): Promise<CloudIdentity> {
  const { Account: account = '', Arn: principal = '' } = await calls.read('sts:GetCallerIdentity', (sending) =>
    calls.clients.sts.send(new GetCallerIdentityCommand({}), sending),
  );
  if (!ACCOUNT.test(account) || !PRINCIPAL.test(principal))
    throw new ExhibitError('PLATFORM_UNREACHABLE', 'what answers is not AWS: it names no account and no caller', {
      subject: 'AWS',
      hints: ['aws sts get-caller-identity'],
    });
  return { account, principal, clockOffsetMs: watch.offsetMs };
}
