import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { WireReader, wireString } from './ssh-wire.js';

export const SSH_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ssh-rsa',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** In OpenSSH's encoding; two keys are the same when these bytes are. */
  readonly blob: Buffer;
  readonly key: KeyObject;
  /** Of a FIDO key, e.g. `ssh:`; empty otherwise. */
  readonly application: string;
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;

function fromJwk(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function ed25519(reader: WireReader): KeyObject {
  const x = reader.string();
  if (x.length !== 32) throw new RangeError('an ed25519 key has 32 bytes');
  return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') });
}

function nistp256(reader: WireReader): KeyObject {
  if (reader.text() !== 'nistp256') throw new RangeError('type and curve differ');
  const point = reader.string();
  if (point.length !== 65 || point[0] !== 4) throw new RangeError('not an uncompressed point');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  return fromJwk({ kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') });
}

function rsa(reader: WireReader): KeyObject {
  const [e, n] = [reader.positive(), reader.positive()];
  if (e.length > 4 || n.length * 8 < MIN_RSA_BITS || n.length * 8 > MAX_RSA_BITS)
    throw new RangeError('size of the RSA key');
  return fromJwk({ kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') });
}

const READERS: Record<SshKeyType, (reader: WireReader) => KeyObject> = {
  'ssh-ed25519': ed25519,
  'ecdsa-sha2-nistp256': nistp256,
  'ssh-rsa': rsa,
  'sk-ssh-ed25519@openssh.com': ed25519,
  'sk-ecdsa-sha2-nistp256@openssh.com': nistp256,
};

function isKeyType(type: string): type is SshKeyType {
  return (SSH_KEY_TYPES as readonly string[]).includes(type);
}

/** Untrusted bytes in OpenSSH's encoding of a public key; `null` when they are none, or of a type that we do not check. */
export function parsePublicKeyBlob(blob: Buffer): SshPublicKey | null {
  try {
    const reader = new WireReader(blob);
    const type = reader.text();
    if (!isKeyType(type)) return null;
    const key = READERS[type](reader);
    const application = type.startsWith('sk-') ? reader.text() : '';
    reader.end();
    return { type, blob, key, application };
  } catch {
    return null;
  }
}

/** `<type> <base64>`, exactly; `null` for anything else. */
export function parsePublicKeyLine(line: string): SshPublicKey | null {
  const match = /^([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{1,8192}={0,2})$/.exec(line);
  if (match?.[2] === undefined) return null;
  const key = parsePublicKeyBlob(Buffer.from(match[2], 'base64'));
  return key !== null && renderPublicKey(key) === line ? key : null;
}

/** One line `<type> <base64>` without comment and LF. */
export function renderPublicKey(key: Pick<SshPublicKey, 'type' | 'blob'>): string {
  return `${key.type} ${key.blob.toString('base64')}`;
}

/** `SHA256:` and unpadded base64, as OpenSSH shows it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The public half of an ed25519 key (public or private KeyObject) in OpenSSH's encoding. */
export function ed25519Blob(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { x } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([wireString('ssh-ed25519'), wireString(Buffer.from(x ?? '', 'base64url'))]);
}

/** A P-256 public key in OpenSSH's encoding. Throws RangeError for any other key. */
export function nistp256Blob(publicKey: KeyObject): Buffer {
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256') throw new RangeError('not a P-256 key');
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
  return Buffer.concat([wireString('ecdsa-sha2-nistp256'), wireString('nistp256'), wireString(point)]);
}
