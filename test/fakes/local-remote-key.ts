import { generateKeyPairSync, sign } from 'node:crypto';
import type { RemoteKey } from '../../src/ports/remote-key.js';

/** A P-256 key in memory behind the port of a key service. */
export function localRemoteKey(): RemoteKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    name: 'test',
    publicKeySpki: async () => publicKey.export({ format: 'der', type: 'spki' }),
    sign: async (message) => sign('sha256', message, privateKey),
  };
}
