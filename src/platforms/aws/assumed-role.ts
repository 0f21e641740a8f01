import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { AwsClients } from './aws-clients.js';
import type { AssumedCredentials } from './client-settings.js';
import type { AwsClientSettings } from './ec2-client.js';

/**
 * Credentials of a role, by sts:AssumeRole with those of the user; the client asks again before they expire. They stay in memory. `session`
 * is what the other account's audit log names us by. What it throws is what the call throws that needs them.
 */
export function assumedRole(
  settings: AwsClientSettings,
  { role, session }: { readonly role: string; readonly session: string },
): () => Promise<AssumedCredentials> {
  return async () => {
    const clients = new AwsClients(settings);
    try {
      const command = new AssumeRoleCommand({ RoleArn: role, RoleSessionName: session });
      const { Credentials: given } = await clients.sts.send(command);
      if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined)
        throw new Error(`sts:AssumeRole of ${role} gave no credentials`);
      return {
        ...{ accessKeyId: given.AccessKeyId, secretAccessKey: given.SecretAccessKey },
        ...(given.SessionToken === undefined ? {} : { sessionToken: given.SessionToken }),
        ...(given.Expiration === undefined ? {} : { expiration: given.Expiration }),
      };
    } finally {
      clients.destroy();
    }
  };
}
