import { readAlgorithm } from '../../../lib/time-stamp/algorithm.js';
import { integerBytes, membersOf, readOid, sequenceOf, TAG, type Der } from '../../../lib/time-stamp/der.js';
import { CURVES, OID } from '../../../lib/time-stamp/object-identifiers.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';

const MIN_RSA_BITS = 2048;

/** The key of a certificate. */
export interface PublicKey {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'other';
  /** Of RSA. */
  readonly modulusBits: number;
  /** Dotted form; of EC. */
  readonly curve: string;
  /** What the algorithm applies to: the point, or modulus and exponent. */
  readonly material: Uint8Array;
  /** The whole `SubjectPublicKeyInfo`. */
  readonly spki: Uint8Array;
}

function modulusBitsOf(material: Uint8Array): number {
  const members = sequenceOf(material, 'an RSA key');
  const modulus = integerBytes(members.take(TAG.integer));
  members.take(TAG.integer);
  members.end();
  const significant = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  return significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24;
}

/** Throws `TokenProblem`. */
export function readPublicKey(element: Der): PublicKey {
  const members = membersOf(element, TAG.sequence, 'a key');
  const algorithm = readAlgorithm(members.take(TAG.sequence));
  const [unused, ...material] = members.take(TAG.bitString).content;
  members.end();
  if (unused !== 0) throw new TokenProblem('a certificate with a key that cannot be read');
  const key = { kind: 'other' as const, modulusBits: 0, curve: '', spki: element.bytes };
  const bytes = Uint8Array.from(material);
  if (algorithm.oid === OID.rsa) return { ...key, kind: 'rsa', modulusBits: modulusBitsOf(bytes), material: bytes };
  if (algorithm.oid === OID.rsaPss)
    return { ...key, kind: 'rsa-pss', modulusBits: modulusBitsOf(bytes), material: bytes };
  if (algorithm.oid !== OID.ecPublicKey || algorithm.parameters?.tag !== TAG.oid) return { ...key, material: bytes };
  return { ...key, kind: 'ec', curve: readOid(algorithm.parameters), material: bytes };
}

/** Why nothing may rest on a key of that kind; `null` when it may. */
export function weaknessOf({ kind, curve, modulusBits }: PublicKey): string | null {
  if (kind === 'ec' && CURVES[curve] !== undefined) return null;
  if ((kind === 'rsa' || kind === 'rsa-pss') && modulusBits >= MIN_RSA_BITS) return null;
  return `a key of a kind that is not accepted (${kind === 'other' ? 'unknown' : kind})`;
}
