/** SSHSIG as in PROTOCOL.sshsig of OpenSSH: what `ssh-keygen -Y sign` makes. */
import { bytesOf, fromBase64, joined, textOf, type Bytes } from '../../lib/bytes.js';
import { Sha256 } from './sha256.js';
import { parsePublicKeyBlob, type SshPublicKey } from './ssh-public-key.js';
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
  readonly raw: Bytes;
  readonly flags: Bytes;
}

function readSignature(blob: Bytes): SshSignature | null {
  const reader = new WireReader(blob);
  if (textOf(reader.take(MAGIC.length)) !== MAGIC || reader.uint32() !== 1) return null;
  const publicKey = parsePublicKeyBlob(reader.string());
  const namespace = reader.text();
  const reserved = reader.string();
  const hash = reader.text();
  const inner = new WireReader(reader.string());
  reader.end();
  if (publicKey === null || namespace === '' || reserved.length !== 0) return null;
  if (hash !== 'sha256' && hash !== 'sha512') return null;
  const algorithm = inner.text();
  const raw = inner.string();
  const flags = inner.take(publicKey.type.startsWith('sk-') ? 5 : 0);
  inner.end();
  return { publicKey, namespace, hash, algorithm, raw, flags };
}

/** Untrusted armored text. `null` unless it is a signature of a known key type and exactly as ssh-keygen writes it. */
export function parseSshsig(armored: string): SshSignature | null {
  if (armored.length > MAX_ARMOR_BYTES) return null;
  const pattern = new RegExp(`^-----BEGIN ${LABEL}-----\n([A-Za-z0-9+/=\n]+)-----END ${LABEL}-----\n$`);
  const blob = fromBase64(pattern.exec(armored)?.[1] ?? '');
  if (blob === null || sshArmor(LABEL, blob) !== armored) return null;
  try {
    return readSignature(blob);
  } catch {
    return null;
  }
}

/** OpenSSH's pair of integers as the two 32-byte numbers that WebCrypto takes; `null` when they are not that. */
function ecdsaNumbers(raw: Bytes): Bytes | null {
  try {
    const reader = new WireReader(raw);
    const numbers = [reader.positive(), reader.positive()];
    reader.end();
    if (numbers.some((number) => number.length > 32)) return null;
    return joined(numbers.flatMap((number) => [new Uint8Array(32 - number.length), number]));
  } catch {
    return null;
  }
}

/** Half of the order of P-256, rounded down. */
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/** Whether it is an ECDSA signature whose second number is the greater of the two that are equally good. */
export function isHighS({ publicKey, raw }: SshSignature): boolean {
  const numbers = publicKey.material.algorithm === 'ECDSA' ? ecdsaNumbers(raw) : null;
  if (numbers === null) return false;
  return numbers.subarray(32).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) > HALF_ORDER;
}

interface Method {
  readonly key: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  readonly check: { readonly name: string; readonly hash?: string };
  readonly raw: Bytes;
}

/** How WebCrypto is asked; `null` when algorithm and key do not go together. */
function methodOf({ publicKey, algorithm, raw }: SshSignature): Method | null {
  if (publicKey.material.algorithm === 'RSA') {
    const hash = { 'rsa-sha2-512': 'SHA-512', 'rsa-sha2-256': 'SHA-256' }[algorithm];
    const name = 'RSASSA-PKCS1-v1_5';
    return hash === undefined ? null : { key: { name, hash }, check: { name }, raw };
  }
  if (algorithm !== publicKey.type) return null;
  if (publicKey.material.algorithm === 'Ed25519') return { key: { name: 'Ed25519' }, check: { name: 'Ed25519' }, raw };
  const numbers = ecdsaNumbers(raw);
  const name = 'ECDSA';
  if (numbers === null) return null;
  return { key: { name, namedCurve: 'P-256' }, check: { name, hash: 'SHA-256' }, raw: numbers };
}

/** A FIDO key signs the hash of its application, flags, counter and the hash of the data. */
function fidoData({ publicKey, flags }: SshSignature, data: Bytes): Bytes {
  const sha256 = (bytes: Uint8Array): Uint8Array => new Sha256().update(bytes).digest();
  return joined([sha256(bytesOf(publicKey.application)), flags, sha256(data)]);
}

async function signedData(signature: SshSignature, message: Bytes, subtle: SubtleCrypto): Promise<Bytes> {
  const { namespace, hash, publicKey } = signature;
  const digest = new Uint8Array(await subtle.digest(hash === 'sha512' ? 'SHA-512' : 'SHA-256', message));
  const fields = [bytesOf(namespace), new Uint8Array(0), bytesOf(hash), digest].map(wireString);
  const data = joined([bytesOf(MAGIC), ...fields]);
  return publicKey.type.startsWith('sk-') ? fidoData(signature, data) : data;
}

export type SignatureVerdict = 'good' | 'bad' | 'not-checked';

/**
 * Whether the signature was made by its own key over `message` in `namespace`. `not-checked`: this browser has no WebCrypto here, or not
 * this algorithm. Says nothing about whether the key is to be trusted.
 */
export async function verifySshsig(
  signature: SshSignature,
  message: Bytes,
  namespace: string,
): Promise<SignatureVerdict> {
  const method = methodOf(signature);
  if (signature.namespace !== namespace || method === null) return 'bad';
  // Undefined outside secure contexts, whatever the types say.
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) return 'not-checked';
  try {
    const key = await subtle.importKey('jwk', signature.publicKey.material.jwk, method.key, false, ['verify']);
    const data = await signedData(signature, message, subtle);
    return (await subtle.verify(method.check, key, method.raw, data)) ? 'good' : 'bad';
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotSupportedError' ? 'not-checked' : 'bad';
  }
}
