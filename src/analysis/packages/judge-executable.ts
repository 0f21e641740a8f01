import type { PackageDatabase } from './package-database.js';

/** A file with the digests that were made of it. */
export interface HashedFile {
  /** Absolute, Latin-1. */
  readonly path: string;
  readonly sha256: string | null;
  readonly sha1: string | null;
  readonly md5: string | null;
}

export interface FileVerdict {
  /** `not-comparable`: a package has it, with a digest that was not made of the file; `configured`: changed, and meant to be. */
  readonly verdict: 'unmodified' | 'modified' | 'configured' | 'not-owned' | 'not-comparable';
  readonly package: string | null;
  readonly version: string | null;
}

/** MD5 and SHA-1 say that an attacker who did not care left the file alone; one who can make collisions is not noticed by them. */
export function judgeExecutable(file: HashedFile, database: PackageDatabase): FileVerdict {
  const owner = database.ownerOf(file.path);
  if (owner === null) return { verdict: 'not-owned', package: null, version: null };
  const of = { package: owner.package, version: database.versionOf(owner) };
  const digest = file[owner.digestName];
  if (digest === null) return { verdict: 'not-comparable', ...of };
  if (digest === owner.digest) return { verdict: 'unmodified', ...of };
  return { verdict: owner.isConfiguration === true ? 'configured' : 'modified', ...of };
}
