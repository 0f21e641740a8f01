import { joined } from '../../../lib/bytes.js';
import { sequenceOf, TAG } from '../../../lib/time-stamp/der.js';
import { der, NULL, oid, positiveInteger, sequence } from '../../../lib/time-stamp/der-writer.js';
import { CURVES, OID, type HashName } from '../../../lib/time-stamp/object-identifiers.js';
import type { PublicKey } from './public-key.js';
import type { Scheme } from '../../../lib/time-stamp/signature-scheme.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';
import { CannotCheck, owned, subtleCrypto, WEB_HASH } from './web-crypto.js';

const KEY_KINDS: Readonly<Record<Scheme['kind'], readonly PublicKey['kind'][]>> = {
  'rsa': ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  'ec': ['ec'],
};

interface Numbers {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

/** The two numbers of an ECDSA signature, each without its sign byte. Throws `TokenProblem`. */
function readNumbers(signature: Uint8Array): Numbers {
  const members = sequenceOf(signature, 'the signature');
  const [first, second] = [members.take(TAG.integer).content, members.take(TAG.integer).content];
  members.end();
  return { first: withoutZeros(first), second: withoutZeros(second) };
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const at = bytes.findIndex((byte) => byte !== 0);
  return at === -1 ? bytes.subarray(0, 0) : bytes.subarray(at);
}

/** The form of WebCrypto; `null` for numbers that no such signature has. */
function rawNumbers(signature: Uint8Array, numberBytes: number): Uint8Array | null {
  const { first, second } = readNumbers(signature);
  const numbers = [first, second];
  if (numbers.some(({ length }) => length > numberBytes)) return null;
  return joined(numbers.flatMap((number) => [new Uint8Array(numberBytes - number.length), number]));
}

/** A key that is for PSS alone is written as any RSA key: WebCrypto reads no other. */
function rsaKeyInfo({ material }: PublicKey): Uint8Array {
  return sequence(sequence(oid(OID.rsa), NULL), der(TAG.bitString, Uint8Array.of(0), material));
}

async function verifyEc(
  key: PublicKey,
  hash: string,
  [message, signature]: readonly [Uint8Array, Uint8Array],
): Promise<boolean> {
  const curve = CURVES[key.curve];
  const raw = curve === undefined ? null : rawNumbers(signature, curve.numberBytes);
  if (curve === undefined || raw === null) return false;
  const subtle = subtleCrypto();
  const name = 'ECDSA';
  const imported = await subtle.importKey('spki', owned(key.spki), { name, namedCurve: curve.name }, false, ['verify']);
  return await subtle.verify({ name, hash }, imported, owned(raw), owned(message));
}

/** Whether the signature is good; `hash` is the one that the signer names beside it. Throws `CannotCheck`. */
export async function verifySignature(
  { scheme, hash, key }: { readonly scheme: Scheme; readonly hash: HashName; readonly key: PublicKey },
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!KEY_KINDS[scheme.kind].includes(key.kind)) return false;
  if (scheme.hash !== null && scheme.hash !== hash) return false;
  const subtle = subtleCrypto();
  try {
    if (scheme.kind === 'ec') return await verifyEc(key, WEB_HASH[hash], [message, signature]);
    const name = scheme.kind === 'rsa' ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS';
    const method = { name, hash: WEB_HASH[hash] };
    const imported = await subtle.importKey('spki', owned(rsaKeyInfo(key)), method, false, ['verify']);
    return await subtle.verify({ name, saltLength: scheme.saltBytes }, imported, owned(signature), owned(message));
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
export function canonicalSignature({ kind, curve }: PublicKey, signature: Uint8Array): Uint8Array {
  const order = CURVES[curve]?.order;
  if (kind !== 'ec' || order === undefined) return signature;
  const { first, second } = readNumbers(signature);
  const [r, s] = [valueOf(first), valueOf(second)];
  return sequence(positiveInteger(r), positiveInteger(s * 2n > order ? order - s : s));
}

function valueOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}
