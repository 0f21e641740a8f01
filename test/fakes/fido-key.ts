import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { renderPublicKey, type SshKeyType } from '../../src/evidence/ssh-public-key.js';
import { wireString, wirePositive } from '../../src/evidence/ssh-wire.js';
import { armorSshsig, sshsigPayload } from '../../src/evidence/sshsig.js';

export interface FidoTouch {
  /** Bit 0: a person was there. */
  readonly flags: number;
  readonly counter: number;
}

/** A FIDO key made of software: what a token computes, with flags and counter as the test wants them. */
export interface FidoKey {
  readonly publicKey: string;
  readonly blob: Buffer;
  sign(message: Uint8Array, namespace: string, touch?: FidoTouch): string;
}

const sha256 = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function touchBytes({ flags, counter }: FidoTouch): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = flags;
  bytes.writeUInt32BE(counter, 1);
  return bytes;
}

function pointOf(key: KeyObject): Buffer {
  const { x = '', y } = key.export({ format: 'jwk' });
  const coordinates = [x, y ?? ''].map((text) => Buffer.from(text, 'base64url'));
  return y === undefined ? Buffer.concat(coordinates) : Buffer.concat([Buffer.from([4]), ...coordinates]);
}

function rawSignature(type: SshKeyType, key: KeyObject, data: Buffer): Buffer {
  if (type.includes('ed25519')) return sign(null, data, key);
  const numbers = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  return Buffer.concat([wirePositive(numbers.subarray(0, 32)), wirePositive(numbers.subarray(32))]);
}

export function makeFidoKey(
  type: 'sk-ssh-ed25519@openssh.com' | 'sk-ecdsa-sha2-nistp256@openssh.com',
  application = 'ssh:',
): FidoKey {
  const isEd25519 = type.includes('ed25519');
  const { privateKey, publicKey } = isEd25519
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const curve = isEd25519 ? [] : ['nistp256'];
  const blob = Buffer.concat([type, ...curve, pointOf(publicKey), application].map(wireString));
  return {
    blob,
    publicKey: renderPublicKey({ type, blob }),
    sign: (message, namespace, touch = { flags: 1, counter: 7 }) => {
      const tail = touchBytes(touch);
      const data = Buffer.concat([sha256(application), tail, sha256(sshsigPayload(message, namespace))]);
      const signature = Buffer.concat([wireString(type), wireString(rawSignature(type, privateKey, data)), tail]);
      return armorSshsig({ publicKeyBlob: blob, namespace, signature });
    },
  };
}
