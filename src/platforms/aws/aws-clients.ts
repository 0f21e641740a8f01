import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { type AwsClientSettings, createEc2Client, loggedConfiguration } from './ec2-client.js';
import { logCalls } from './log-calls.js';
import { silentConstruction } from './silent-construction.js';

type Configuration = ReturnType<typeof loggedConfiguration>;

/** Clients of one region, each made when it is first asked for. Those named `once` repeat nothing: they are for calls that change. */
export class AwsClients {
  readonly #settings: AwsClientSettings;
  readonly #made = new Map<string, { destroy(): void }>();

  constructor(settings: AwsClientSettings) {
    this.#settings = settings;
  }

  get ec2(): EC2Client {
    return this.#client('ec2', () => createEc2Client(this.#settings, { attempts: this.#settings.attempts ?? 5 }));
  }

  get ec2Once(): EC2Client {
    return this.#client('ec2-once', () => createEc2Client(this.#settings, { attempts: 1 }));
  }

  get scaling(): AutoScalingClient {
    return this.#logged('scaling', (configuration) => new AutoScalingClient(configuration));
  }

  get scalingOnce(): AutoScalingClient {
    return this.#logged('scaling-once', (configuration) => new AutoScalingClient({ ...configuration, maxAttempts: 1 }));
  }

  get classicBalancing(): ElasticLoadBalancingClient {
    return this.#logged('classic', (configuration) => new ElasticLoadBalancingClient(configuration));
  }

  get classicBalancingOnce(): ElasticLoadBalancingClient {
    return this.#logged(
      'classic-once',
      (configuration) => new ElasticLoadBalancingClient({ ...configuration, maxAttempts: 1 }),
    );
  }

  get balancing(): ElasticLoadBalancingV2Client {
    return this.#logged('balancing', (configuration) => new ElasticLoadBalancingV2Client(configuration));
  }

  get balancingOnce(): ElasticLoadBalancingV2Client {
    return this.#logged(
      'balancing-once',
      (configuration) => new ElasticLoadBalancingV2Client({ ...configuration, maxAttempts: 1 }),
    );
  }

  get iam(): IAMClient {
    return this.#logged('iam', (configuration) => new IAMClient(configuration));
  }

  get iamOnce(): IAMClient {
    return this.#logged('iam-once', (configuration) => new IAMClient({ ...configuration, maxAttempts: 1 }));
  }

  get sts(): STSClient {
    return this.#logged('sts', (configuration) => new STSClient(configuration));
  }

  destroy(): void {
    for (const client of this.#made.values()) client.destroy();
    this.#made.clear();
  }

  #logged<Client extends { destroy(): void; readonly config: { readonly requestHandler: object } }>(
    name: string,
    construct: (configuration: Configuration) => Client,
  ): Client {
    return this.#client(name, () => {
      const client = silentConstruction(() => construct(loggedConfiguration(this.#settings)));
      const { logging } = this.#settings;
      if (logging !== undefined && logging !== null) logCalls(client, logging);
      return client;
    });
  }

  #client<Client extends { destroy(): void }>(name: string, construct: () => Client): Client {
    const made = (this.#made.get(name) ?? construct()) as Client;
    this.#made.set(name, made);
    return made;
  }
}
