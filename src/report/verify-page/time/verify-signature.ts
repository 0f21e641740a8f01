import { joined, type Bytes } from '../bytes.js';
import { sequenceOf, TAG } from './der.js';
import { der, NULL, oid, positiveInteger, sequence } from './der-writer.js';
import { CURVES, OID, type HashName } from './object-identifiers.js';
import type { PublicKey } from './public-key.js';
import type { Scheme } from './signature-scheme.js';
import { TokenProblem } from './token-problem.js';
import { CannotCheck, subtleCrypto, WEB_HASH } from './web-crypto.js';

const KEY_KINDS: Readonly<Record<Scheme['kind'], readonly PublicKey['kind'][]>> = {
  'rsa': ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  'ec': ['ec'],
};

interface Numbers {
  readonly first: Bytes;
  readonly second: Bytes;
}

/** The two numbers of an ECDSA signature, each without its sign byte. Throws `TokenProblem`. */
function readNumbers(signature: Bytes): Numbers {
  const members = sequenceOf(signature, 'the signature');
  const [first, second] = [members.take(TAG.integer).content, members.take(TAG.integer).content];
  members.end();
  return { first: withoutZeros(first), second: withoutZeros(second) };
}

function withoutZeros(bytes: Bytes): Bytes {
  const at = bytes.findIndex((byte) => byte !== 0);
  return at === -1 ? bytes.subarray(0, 0) : bytes.subarray(at);
}

/** The form of WebCrypto; `null` for numbers that no such signature has. */
function rawNumbers(signature: Bytes, numberBytes: number): Bytes | null {
  const { first, second } = readNumbers(signature);
  const numbers = [first, second];
  if (numbers.some(({ length }) => length > numberBytes)) return null;
  return joined(numbers.flatMap((number) => [new Uint8Array(numberBytes - number.length), number]));
}

/** A key that is for PSS alone is written as any RSA key: WebCrypto reads no other. */
function rsaKeyInfo({ material }: PublicKey): Bytes {
  return sequence(sequence(oid(OID.rsa), NULL), der(TAG.bitString, Uint8Array.of(0), material));
}

async function verifyEc(key: PublicKey, hash: string, [message, signature]: readonly [Bytes, Bytes]): Promise<boolean> {
  const curve = CURVES[key.curve];
  const raw = curve === undefined ? null : rawNumbers(signature, curve.numberBytes);
  if (curve === undefined || raw === null) return false;
  const subtle = subtleCrypto();
  const name = 'ECDSA';
  const imported = await subtle.importKey('spki', key.spki, { name, namedCurve: curve.name }, false, ['verify']);
  return await subtle.verify({ name, hash }, imported, raw, message);
}

/** Whether the signature is good; `hash` is the one that the signer names beside it. Throws `CannotCheck`. */
export async function verifySignature(
  { scheme, hash, key }: { readonly scheme: Scheme; readonly hash: HashName; readonly key: PublicKey },
  message: Bytes,
  signature: Bytes,
): Promise<boolean> {
  if (!KEY_KINDS[scheme.kind].includes(key.kind)) return false;
  if (scheme.hash !== null && scheme.hash !== hash) return false;
  const subtle = subtleCrypto();
  try {
    if (scheme.kind === 'ec') return await verifyEc(key, WEB_HASH[hash], [message, signature]);
    const name = scheme.kind === 'rsa' ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS';
    const method = { name, hash: WEB_HASH[hash] };
    const imported = await subtle.importKey('spki', rsaKeyInfo(key), method, false, ['verify']);
    return await subtle.verify({ name, saltLength: scheme.saltBytes }, imported, signature, message);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') throw new CannotCheck();
    // A key or numbers that cannot even be tried.
    if (error instanceof DOMException || error instanceof TokenProblem) return false;
    throw error;
  }
}

/**
 * The one form of a good signature: of the two that ECDSA allows for every message, that with the smaller number. Others pass as they
 * are.
 */
export function canonicalSignature({ kind, curve }: PublicKey, signature: Bytes): Bytes {
  const order = CURVES[curve]?.order;
  if (kind !== 'ec' || order === undefined) return signature;
  const { first, second } = readNumbers(signature);
  const [r, s] = [valueOf(first), valueOf(second)];
  return sequence(positiveInteger(r), positiveInteger(s * 2n > order ? order - s : s));
}

function valueOf(bytes: Bytes): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}
