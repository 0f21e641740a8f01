import { type Algorithm, hashOf, hasNoParameters, readAlgorithm, renderHash } from './algorithm.js';
import { contextTag, membersOf, readOne, readSmallInteger, TAG } from './der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-writer.js';
import { type HashName, OID, SIGNATURES } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

const DEFAULT_SALT_BYTES = 20;
const MAX_SALT_BYTES = 64;

/** A signature algorithm that is accepted. */
export interface Scheme {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec';
  /** `null`: the one that stands beside it. */
  readonly hash: HashName | null;
  readonly saltBytes: number;
  /** The algorithm as exhibit/1 writes it. */
  readonly rendered: Uint8Array;
}

function renderPss(hash: HashName, saltBytes: number): Uint8Array {
  const salt = saltBytes === DEFAULT_SALT_BYTES ? [] : [der(contextTag(2), smallInteger(saltBytes))];
  const mask = sequence(oid(OID.mgf1), renderHash(hash));
  const parameters = sequence(der(contextTag(0), renderHash(hash)), der(contextTag(1), mask), ...salt);
  return sequence(oid(OID.rsaPss), parameters);
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
  if (saltBytes > MAX_SALT_BYTES) throw new TokenProblem('RSA-PSS with a salt that is too long');
  return { kind: 'rsa-pss', hash, saltBytes, rendered: renderPss(hash, saltBytes) };
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
