/** SSHSIG as in PROTOCOL.sshsig of OpenSSH: what `ssh-keygen -Y sign` makes and `ssh-keygen -Y verify` checks. */
import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { isHigh, readEcdsaNumbers, renderEcdsaNumbers } from './ecdsa-signature.js';
import { ed25519Blob, parsePublicKeyBlob, type SshPublicKey } from './ssh-public-key.js';
import { sshArmor, WireReader, wireString } from './ssh-wire.js';

const MAGIC = 'SSHSIG';
const LABEL = 'SSH SIGNATURE';
const MAX_ARMOR_BYTES = 16 * 1024;

export interface SshSignature {
  readonly publicKey: SshPublicKey;
  readonly namespace: string;
  readonly hash: 'sha256' | 'sha512';
  /** `ssh-ed25519`, `rsa-sha2-512`, ... */
  readonly algorithm: string;
  /** What follows the algorithm's name inside the signature: the raw signature, and for FIDO keys flags and counter. */
  readonly raw: Buffer;
  readonly flags: Buffer;
}

/** The bytes that the key signs. For signers that hold no local key. */
export function sshsigPayload(message: Uint8Array, namespace: string, hash: 'sha256' | 'sha512' = 'sha512'): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([
    Buffer.from(MAGIC),
    wireString(namespace),
    wireString(''),
    wireString(hash),
    wireString(digest),
  ]);
}

/** The armored signature around one made over `sshsigPayload`. `signature` is in OpenSSH's encoding: algorithm, then raw bytes. */
export function armorSshsig(parts: {
  readonly publicKeyBlob: Buffer;
  readonly namespace: string;
  readonly signature: Buffer;
  /** The one of `sshsigPayload`; default SHA-512. */
  readonly hash?: 'sha256' | 'sha512';
}): string {
  const version = Buffer.from([0, 0, 0, 1]);
  const { publicKeyBlob, namespace, signature, hash = 'sha512' } = parts;
  const fields = [publicKeyBlob, namespace, '', hash, signature].map(wireString);
  return sshArmor(LABEL, Buffer.concat([Buffer.from(MAGIC), version, ...fields]));
}

/** Signs with an ed25519 key; the armored text as `ssh-keygen -Y sign` writes it, byte for byte. */
export function signSshsig(privateKey: KeyObject, message: Uint8Array, namespace: string): string {
  const raw = sign(null, sshsigPayload(message, namespace), privateKey);
  const signature = Buffer.concat([wireString('ssh-ed25519'), wireString(raw)]);
  return armorSshsig({ publicKeyBlob: ed25519Blob(privateKey), namespace, signature });
}

function readSignature(blob: Buffer): SshSignature | null {
  const reader = new WireReader(blob);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC || reader.uint32() !== 1) return null;
  const publicKey = parsePublicKeyBlob(reader.string());
  const namespace = reader.text();
  const reserved = reader.string();
  const hash = reader.text();
  const inner = new WireReader(reader.string());
  reader.end();
  if (publicKey === null || namespace === '' || reserved.length !== 0 || (hash !== 'sha256' && hash !== 'sha512'))
    return null;
  const algorithm = inner.text();
  const raw = inner.string();
  const flags = inner.take(publicKey.type.startsWith('sk-') ? 5 : 0);
  inner.end();
  return { publicKey, namespace, hash, algorithm, raw, flags };
}

/**
 * Untrusted armored text. `null` unless it is a signature of a known key type and exactly as ssh-keygen writes it: the armor is made again
 * from what was read, and compared.
 */
export function parseSshsig(armored: string): SshSignature | null {
  if (armored.length > MAX_ARMOR_BYTES) return null;
  const body = new RegExp(`^-----BEGIN ${LABEL}-----\n([A-Za-z0-9+/=\n]+)-----END ${LABEL}-----\n$`).exec(armored)?.[1];
  if (body === undefined) return null;
  const blob = Buffer.from(body, 'base64');
  if (sshArmor(LABEL, blob) !== armored) return null;
  try {
    return readSignature(blob);
  } catch {
    return null;
  }
}

/** Whether it is an ECDSA signature whose second number is the greater of the two that are equally good. */
export function isHighS({ publicKey, raw }: SshSignature): boolean {
  const numbers = publicKey.type.includes('ecdsa') ? readEcdsaNumbers(raw) : null;
  return numbers !== null && isHigh(numbers);
}

/** The same signature, armored; of an ECDSA signature that of its two forms which exhibit/1 has. */
export function armorWithLowS({ publicKey, namespace, hash, algorithm, raw, flags }: SshSignature): string {
  const numbers = publicKey.type.includes('ecdsa') ? readEcdsaNumbers(raw) : null;
  const signed = numbers === null ? raw : renderEcdsaNumbers(numbers);
  const signature = Buffer.concat([wireString(algorithm), wireString(signed), flags]);
  return armorSshsig({ publicKeyBlob: publicKey.blob, namespace, hash, signature });
}

function verifyEcdsa(signature: SshSignature, data: Buffer): boolean {
  const numbers = readEcdsaNumbers(signature.raw);
  if (numbers === null) return false;
  const key = { key: signature.publicKey.key, dsaEncoding: 'ieee-p1363' as const };
  return verify('sha256', data, key, Buffer.concat([numbers.r, numbers.s]));
}

/** A FIDO key signs the hash of its application, flags, counter and the hash of the data. */
function fidoData({ publicKey, flags }: SshSignature, data: Buffer): Buffer {
  const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();
  return Buffer.concat([sha256(publicKey.application), flags, sha256(data)]);
}

function verifyRsa({ algorithm, publicKey, raw }: SshSignature, data: Buffer): boolean {
  if (algorithm === 'rsa-sha2-512') return verify('sha512', data, publicKey.key, raw);
  return algorithm === 'rsa-sha2-256' && verify('sha256', data, publicKey.key, raw);
}

/**
 * Whether the signature was made by its own key over `message` in `namespace`. Says nothing about whether that key is to be trusted.
 * ed25519, ECDSA P-256, RSA with SHA-2, and both FIDO forms.
 */
export function verifySshsig(signature: SshSignature, message: Uint8Array, namespace: string): boolean {
  if (signature.namespace !== namespace) return false;
  const data = sshsigPayload(message, namespace, signature.hash);
  const { type, key } = signature.publicKey;
  if (type === 'ssh-rsa') return verifyRsa(signature, data);
  if (signature.algorithm !== type) return false;
  const signed = type.startsWith('sk-') ? fidoData(signature, data) : data;
  return type.includes('ed25519') ? verify(null, signed, key, signature.raw) : verifyEcdsa(signature, signed);
}
