import { EC2Client } from '@aws-sdk/client-ec2';
import { type AwsSettings, clientConfiguration } from './client-settings.js';
import { type CallLogging, logCalls } from './log-calls.js';
import { silentConstruction } from './silent-construction.js';

/** As for every client, and where its calls are written down. */
export interface AwsClientSettings extends AwsSettings {
  /** `null` = nowhere: there is no exhibit to have them in. */
  readonly logging?: CallLogging | null;
  /** Added to the SDK's own: program and version, no name of a case but its random token. */
  readonly userAgent?: string;
}

/** The configuration of a client of any service whose calls are logged. */
export function loggedConfiguration(settings: AwsClientSettings) {
  const { userAgent } = settings;
  return { ...clientConfiguration(settings), ...(userAgent === undefined ? {} : { customUserAgent: userAgent }) };
}

/**
 * A client of EC2. `attempts: 1` is for calls that have no token of idempotency: a repeated CreateSnapshots makes a second set, so what
 * became of such a call is looked up instead.
 */
export function createEc2Client(settings: AwsClientSettings, { attempts }: { readonly attempts: number }): EC2Client {
  const client = silentConstruction(() => new EC2Client(loggedConfiguration({ ...settings, attempts })));
  if (settings.logging !== undefined && settings.logging !== null) logCalls(client, settings.logging);
  return client;
}
