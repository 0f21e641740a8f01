import { constants, type KeyObject, verify } from 'node:crypto';
import { type Algorithm, hashOf, hasNoParameters, readAlgorithm, renderHash } from './algorithm.js';
import { contextTag, DerMembers, membersOf, readOne, readSmallInteger, TAG } from './der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-writer.js';
import { type HashName, OID, SIGNATURES } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

const MIN_RSA_BITS = 2048;
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const DEFAULT_SALT_BYTES = 20;

/** A signature algorithm that is accepted. */
export interface Scheme {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec';
  /** `null`: the one that stands beside it. */
  readonly hash: HashName | null;
  readonly saltBytes: number;
  /** The algorithm as it is always written here. */
  readonly rendered: Buffer;
}

function readPss({ parameters }: Algorithm): Scheme {
  const what = 'the parameters of RSA-PSS';
  if (parameters === null) throw new TokenProblem(`${what} are missing`);
  const members = membersOf(parameters, TAG.sequence, what);
  const hash = hashOf(readAlgorithm(readOne(members.take(contextTag(0)).content, TAG.sequence, what)));
  const mask = readAlgorithm(readOne(members.take(contextTag(1)).content, TAG.sequence, what));
  const salt = members.optional(contextTag(2));
  members.end();
  const isSame = mask.oid === OID.mgf1 && mask.parameters !== null && hashOf(readAlgorithm(mask.parameters)) === hash;
  if (!isSame) throw new TokenProblem('RSA-PSS with another hash in its mask');
  const saltBytes = salt === null ? DEFAULT_SALT_BYTES : readSmallInteger(readOne(salt.content, TAG.integer, what));
  if (saltBytes > 64) throw new TokenProblem('RSA-PSS with a salt that is too long');
  const rendered = sequence(
    oid(OID.rsaPss),
    sequence(
      der(contextTag(0), renderHash(hash)),
      der(contextTag(1), sequence(oid(OID.mgf1), renderHash(hash))),
      ...(saltBytes === DEFAULT_SALT_BYTES ? [] : [der(contextTag(2), smallInteger(saltBytes))]),
    ),
  );
  return { kind: 'rsa-pss', hash, saltBytes, rendered };
}

/** RSA (PKCS #1 and PSS) and ECDSA, each over SHA-2. Throws `TokenProblem` for anything else. */
export function schemeOf(algorithm: Algorithm): Scheme {
  if (algorithm.oid === OID.rsaPss) return readPss(algorithm);
  const found = algorithm.oid === OID.rsa ? { key: 'rsa' as const, hash: null } : SIGNATURES[algorithm.oid];
  if (found === undefined || !hasNoParameters(algorithm))
    throw new TokenProblem(`a signature of a kind that is not accepted (${algorithm.oid})`);
  const rendered = sequence(oid(algorithm.oid), ...(found.key === 'rsa' ? [NULL] : []));
  return { kind: found.key, hash: found.hash, saltBytes: 0, rendered };
}

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
  message: Buffer,
  signature: Buffer,
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

function positiveInteger(value: bigint): Buffer {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return der(TAG.integer, Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex'));
}

/**
 * The one form of a good signature: of the two that ECDSA allows for every message, that with the smaller number. Others pass as they
 * are. Without it somebody could change a token and it would still be good.
 */
export function canonicalSignature(key: KeyObject, signature: Buffer): Buffer {
  const order = ORDERS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType !== 'ec' || order === undefined) return signature;
  const members = new DerMembers(readOne(signature, TAG.sequence, 'the signature').content, 'the signature');
  const [r, s] = [members.take(TAG.integer), members.take(TAG.integer)];
  members.end();
  const value = BigInt(`0x0${s.content.toString('hex')}`);
  return sequence(r.bytes, positiveInteger(value * 2n > order ? order - value : value));
}
