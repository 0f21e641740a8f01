import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { KeyView } from '../../../ports/snapshots.js';
import { AwsCallFailed, type AwsCalls } from '../aws-calls.js';
import { type AwsClientSettings, loggedConfiguration } from '../ec2-client.js';
import { logCalls } from '../log-calls.js';
import { referenceOf } from '../platform-error.js';
import { silentConstruction } from '../silent-construction.js';

export function openKeys(settings: AwsClientSettings): KMSClient {
  const client = silentConstruction(() => new KMSClient(loggedConfiguration(settings)));
  const { logging } = settings;
  if (logging !== undefined && logging !== null) logCalls(client, logging);
  return client;
}

/** Whose a key is and whether it works, by kms:DescribeKey. Throws `INTERRUPTED` and what is the user's to mend. */
export async function readKey(calls: AwsCalls, client: KMSClient, keyId: string): Promise<KeyView> {
  try {
    const { KeyMetadata: key } = await calls.read('kms:DescribeKey', (sending) =>
      client.send(new DescribeKeyCommand({ KeyId: keyId }), sending),
    );
    const isPlatformKey = key?.KeyManager === undefined ? null : key.KeyManager === 'AWS';
    return { arn: key?.Arn ?? null, isPlatformKey, state: key?.KeyState ?? null, unknownBecause: null };
  } catch (error) {
    if (!(error instanceof AwsCallFailed) || error.failure.kind === 'credentials') throw calls.error(error);
    return {
      ...{ arn: null, isPlatformKey: null, state: null },
      unknownBecause: `kms:DescribeKey of ${keyId} ${referenceOf(error.failure)}`,
    };
  }
}
