import { constants, type KeyObject, verify } from 'node:crypto';
import { hexOf } from '../../lib/bytes.js';
import { sequenceOf, TAG } from '../../lib/time-stamp/der.js';
import { positiveInteger, sequence } from '../../lib/time-stamp/der-writer.js';
import type { HashName } from '../../lib/time-stamp/object-identifiers.js';
import type { Scheme } from '../../lib/time-stamp/signature-scheme.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

const MIN_RSA_BITS = 2048;
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** Throws `TokenProblem` for a key that is too short or of another kind. */
export function assertStrong(key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec' && CURVES.has(details?.namedCurve ?? '')) return;
  if ((type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return;
  throw new TokenProblem(`a key of a kind that is not accepted (${type ?? 'unknown'})`);
}

const KEY_TYPES: Readonly<Record<Scheme['kind'], readonly string[]>> = {
  'rsa': ['rsa'],
  'rsa-pss': ['rsa', 'rsa-pss'],
  'ec': ['ec'],
};

/** Whether the signature is good; `hash` is the one that the signer names beside it. */
export function verifySignature(
  { scheme, hash, key }: { readonly scheme: Scheme; readonly hash: HashName; readonly key: KeyObject },
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!KEY_TYPES[scheme.kind].includes(key.asymmetricKeyType ?? '')) return false;
  if (scheme.hash !== null && scheme.hash !== hash) return false;
  const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;
  try {
    if (scheme.kind === 'ec') return verify(hash, message, { key, dsaEncoding: 'der' }, signature);
    if (scheme.kind === 'rsa') return verify(hash, message, { key, padding: RSA_PKCS1_PADDING }, signature);
    return verify(hash, message, { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltBytes }, signature);
  } catch {
    // OpenSSL throws where a signature cannot even be tried against a key.
    return false;
  }
}

const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp384r1: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  secp521r1: BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
};

/**
 * The one form of a good signature: of the two that ECDSA allows for every message, that with the smaller number. Others pass as they
 * are. Without it somebody could change a token and it would still be good.
 */
export function canonicalSignature(key: KeyObject, signature: Uint8Array): Uint8Array {
  const order = ORDERS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType !== 'ec' || order === undefined) return signature;
  const members = sequenceOf(signature, 'the signature');
  const [r, s] = [members.take(TAG.integer), members.take(TAG.integer)];
  members.end();
  const value = BigInt(`0x0${hexOf(s.content)}`);
  return sequence(r.bytes, positiveInteger(value * 2n > order ? order - value : value));
}
