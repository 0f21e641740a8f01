import { sign, type KeyObject } from 'node:crypto';
import { renderEcdsaNumbers } from '../../src/evidence/ecdsa-signature.js';
import { ed25519Blob, nistp256Blob } from '../../src/evidence/ssh-public-key.js';
import { wireString } from '../../src/evidence/ssh-wire.js';
import { armorSshsig, signSshsig, sshsigPayload } from '../../src/evidence/sshsig.js';

const P256 = 'ecdsa-sha2-nistp256';
const isP256 = (key: KeyObject): boolean => key.asymmetricKeyType === 'ec';

/** The public part of an Ed25519 or a P-256 key. */
export function publicPartOf(key: KeyObject): { readonly type: 'ssh-ed25519' | typeof P256; readonly blob: Buffer } {
  return isP256(key) ? { type: P256, blob: nistp256Blob(key) } : { type: 'ssh-ed25519', blob: ed25519Blob(key) };
}

/** SSHSIG by either key, that of P-256 as a key of a service makes it. */
export function signWith(key: KeyObject, message: Buffer, namespace: string): string {
  if (!isP256(key)) return signSshsig(key, message, namespace);
  const both = sign('sha256', sshsigPayload(message, namespace), { key, dsaEncoding: 'ieee-p1363' });
  const numbers = renderEcdsaNumbers({ r: both.subarray(0, 32), s: both.subarray(32) });
  const signature = Buffer.concat([wireString(P256), wireString(numbers)]);
  return armorSshsig({ publicKeyBlob: nistp256Blob(key), namespace, signature });
}
