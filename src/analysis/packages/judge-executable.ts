import type { PackageDatabase } from './package-database.js';

/** An executable with the digests that were made of it on the node. */
export interface HashedExecutable {
  /** Absolute, Latin-1. */
  readonly path: string;
  readonly sha256: string | null;
  readonly sha1: string | null;
  readonly md5: string | null;
}

export interface ExecutableVerdict {
  /** `not-comparable`: a package has it, with a digest that was not made of the file. */
  readonly verdict: 'unmodified' | 'modified' | 'not-owned' | 'not-comparable';
  readonly package: string | null;
}

/** MD5 and SHA-1 say that an attacker who did not care left the file alone; one who can make collisions is not noticed by them. */
export function judgeExecutable(file: HashedExecutable, database: PackageDatabase): ExecutableVerdict {
  const owner = database.ownerOf(file.path);
  if (owner === null) return { verdict: 'not-owned', package: null };
  const digest = file[owner.digestName];
  if (digest === null) return { verdict: 'not-comparable', package: owner.package };
  return { verdict: digest === owner.digest ? 'unmodified' : 'modified', package: owner.package };
}
