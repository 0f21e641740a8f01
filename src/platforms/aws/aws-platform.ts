import { ExhibitError } from '../../model/errors.js';
import type { CloudActionKindName, CloudSubject } from '../../model/cloud.js';
import type { Clock } from '../../ports/clock.js';
import type { CloudActuator } from '../../ports/cloud-actuator.js';
import type { CloudIdentity, CloudInstance, CloudRight, NodeMachine, Platform } from '../../ports/platform.js';
import type { RequestLog } from '../../ports/request-log.js';
import { createAwsActuator } from './aws-actuator.js';
import { AwsCalls } from './aws-calls.js';
import { AwsClients } from './aws-clients.js';
import type { AwsSettings } from './client-settings.js';
import { DateWatch, readIdentity } from './identity.js';
import { parseProviderId } from './provider-id.js';
import { readInstance } from './read-instance.js';
import { readRights } from './rights.js';

export interface AwsPlatformOptions extends AwsSettings {
  readonly clock: Clock;
  /** `null` = nowhere: there is no exhibit to have the calls in. */
  readonly requestLog: RequestLog | null;
  /** Ends what only reads; a change that is under way is finished. */
  readonly signal: AbortSignal | undefined;
  /** Program and version, and of a case nothing but its random token. */
  readonly userAgent: string;
}

const NOWHERE: RequestLog = { begin: () => 0, end: () => undefined };

/** AWS. Each node is looked for in the region that it names itself; where another one is given, that is an error. */
export function createAwsPlatform(options: AwsPlatformOptions): Platform {
  return new AwsPlatform(options);
}

interface Called {
  readonly region: string | undefined;
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

class AwsPlatform implements Platform {
  readonly cloud = 'aws';
  readonly actuator: CloudActuator;
  readonly #options: AwsPlatformOptions;
  readonly #regions = new Map<string, AwsClients>();
  readonly #watch: DateWatch;
  #identity: Promise<CloudIdentity> | undefined;

  constructor(options: AwsPlatformOptions) {
    this.#options = options;
    this.#watch = new DateWatch(options.requestLog, options.clock);
    this.actuator = createAwsActuator({ callsFor: (subject) => this.#callsFor(subject) });
  }

  async identity(near?: { readonly region: string }): Promise<CloudIdentity> {
    return await (this.#identity ??= this.#askWho(near?.region));
  }

  async instanceOf(node: NodeMachine): Promise<CloudInstance> {
    const machine = parseProviderId(node.node, node.providerId);
    const { region } = this.#options;
    const subject = `node ${node.node}, ${machine.instanceId}`;
    if (region !== undefined && region !== machine.region)
      throw new ExhibitError('PLATFORM_UNSUITABLE', `the node is in ${machine.region}, not in ${region}`, {
        subject,
        hints: [`aws ec2 describe-instances --region ${machine.region} --instance-ids ${machine.instanceId}`],
      });
    const calls = this.#callsIn(machine.region, subject, this.#options.signal);
    return await asPlatform(calls, () => readInstance(calls, node, machine));
  }

  async rights(instance: CloudInstance, kinds: readonly CloudActionKindName[]): Promise<readonly CloudRight[]> {
    const { principal } = await this.identity(instance);
    const calls = this.#callsIn(instance.region, instance.id, this.#options.signal);
    return await asPlatform(calls, () => readRights(calls, this.actuator, { instance, kinds, principal }));
  }

  close(): void {
    for (const clients of this.#regions.values()) clients.destroy();
    this.#regions.clear();
  }

  async #askWho(near: string | undefined): Promise<CloudIdentity> {
    const calls = this.#callsOf('', { region: near, subject: 'AWS', signal: this.#options.signal });
    try {
      return await asPlatform(calls, () => readIdentity(calls, this.#watch));
    } catch (error) {
      // The next question asks again: a login may have been renewed meanwhile.
      this.#identity = undefined;
      throw error;
    }
  }

  /** Names of groups and roles mean something else in another account. What changes is not given up on an interruption. */
  async #callsFor({ account, region, id }: CloudSubject): Promise<AwsCalls> {
    const own = await this.identity({ region });
    if (own.account === account) return this.#callsIn(region, id, undefined);
    throw new ExhibitError('PLATFORM_UNSUITABLE', `it is in account ${account}, and we are in ${own.account}`, {
      subject: `aws ${id}`,
      hints: ['aws sts get-caller-identity'],
    });
  }

  #callsIn(region: string, subject: string, signal: AbortSignal | undefined): AwsCalls {
    return this.#callsOf(region, { region, subject, signal });
  }

  /** Clients by key; the empty one is of the caller, wherever that is. */
  #callsOf(key: string, { region, subject, signal }: Called): AwsCalls {
    const options = this.#options;
    const { clock, requestLog } = options;
    const logging = { clock, requestLog: key === '' ? this.#watch : (requestLog ?? NOWHERE) };
    const clients = this.#regions.get(key) ?? new AwsClients({ ...options, region: region ?? options.region, logging });
    this.#regions.set(key, clients);
    return new AwsCalls({ clients, settings: options, signal, subject });
  }
}

async function asPlatform<T>(calls: AwsCalls, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw calls.error(error);
  }
}
