import { createPublicKey } from 'node:crypto';
import { ExhibitError } from '../../model/errors.js';
import type { RemoteKey } from '../../ports/remote-key.js';
import type { Signer } from '../../ports/signer.js';
import { renderEcdsaNumbers } from '../ecdsa-signature.js';
import { fingerprintOf, nistp256Blob, renderPublicKey } from '../ssh-public-key.js';
import { wireString } from '../ssh-wire.js';
import { armorSshsig, parseSshsig, sshsigPayload, verifySshsig } from '../sshsig.js';
import { parseDerSignature } from './der-signature.js';

const TYPE = 'ecdsa-sha2-nistp256';

function unavailable(key: RemoteKey, why: string, cause?: unknown): ExhibitError {
  return new ExhibitError('SIGNER_UNAVAILABLE', why, { subject: key.name, cause });
}

async function publicBlobOf(key: RemoteKey): Promise<Buffer> {
  const spki = await key.publicKeySpki();
  try {
    return nistp256Blob(createPublicKey({ key: spki, format: 'der', type: 'spki' }));
  } catch (error) {
    throw unavailable(key, 'The service answered with something that is no P-256 public key.', error);
  }
}

function encode(der: Buffer): Buffer {
  return Buffer.concat([wireString(TYPE), wireString(renderEcdsaNumbers(parseDerSignature(der)))]);
}

/**
 * Signs with a key that a service holds: the service signs the bytes of SSHSIG, what comes back is put into its envelope, with the
 * smaller `s`, and verified before it is used. Asks for the public key at once, so that a key that cannot be used is known before the work. Throws
 * `SIGNER_UNAVAILABLE`.
 */
export async function createRemoteKeySigner(key: RemoteKey): Promise<Signer> {
  const publicKeyBlob = await publicBlobOf(key);
  const sign = async (message: Uint8Array, namespace: string): Promise<string> => {
    const der = await key.sign(sshsigPayload(message, namespace));
    let armored: string;
    try {
      armored = armorSshsig({ publicKeyBlob, namespace, signature: encode(der) });
    } catch (error) {
      throw unavailable(key, 'The service answered with something that is no P-256 signature.', error);
    }
    const signature = parseSshsig(armored);
    if (signature === null || !verifySshsig(signature, message, namespace))
      throw unavailable(key, 'The service answered with a signature that does not fit its key.');
    return armored;
  };
  return {
    fingerprint: fingerprintOf(publicKeyBlob),
    publicKey: renderPublicKey({ type: TYPE, blob: publicKeyBlob }),
    sign,
  };
}
