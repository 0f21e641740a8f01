import { areSame } from '../bytes.js';
import { type Der, membersOf, readElements, readOid, TAG } from './der.js';
import { NULL, oid, sequence } from './der-writer.js';
import { HASHES, type HashName } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

/** `AlgorithmIdentifier`. */
export interface Algorithm {
  readonly oid: string;
  readonly parameters: Der | null;
}

export function readAlgorithm(element: Der): Algorithm {
  membersOf(element, TAG.sequence, 'an algorithm').take(TAG.oid);
  const [name, parameters = null, ...more] = readElements(element.content);
  if (name === undefined || more.length > 0) throw new TokenProblem('an algorithm with members too many');
  return { oid: readOid(name), parameters };
}

export function hasNoParameters({ parameters }: Algorithm): boolean {
  return parameters === null || areSame(parameters.bytes, NULL);
}

/** Throws `TokenProblem` for anything but SHA-256, SHA-384 and SHA-512. */
export function hashOf(algorithm: Algorithm): HashName {
  const name = HASHES[algorithm.oid];
  if (name === undefined || !hasNoParameters(algorithm))
    throw new TokenProblem(`a hash that is not accepted (${algorithm.oid})`);
  return name;
}

/** As it is always written here: with NULL. */
export function renderHash(name: HashName): Uint8Array {
  const [found = ''] = Object.entries(HASHES).find(([, hash]) => hash === name) ?? [];
  return sequence(oid(found), NULL);
}
