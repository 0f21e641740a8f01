import type { Instance } from '@aws-sdk/client-ec2';
import type { CloudInstance } from '../../ports/platform.js';

/** What EC2 leaves out stands for what it is by default: open, with tokens as one likes. */
export function metadataServiceOf({ MetadataOptions: options }: Instance): CloudInstance['metadataService'] {
  return {
    isEnabled: options?.HttpEndpoint !== 'disabled',
    tokens: options?.HttpTokens === 'required' ? 'required' : 'optional',
    hopLimit: options?.HttpPutResponseHopLimit ?? 1,
  };
}
