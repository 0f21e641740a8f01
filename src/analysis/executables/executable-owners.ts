import { judgeExecutable, type FileVerdict } from '../packages/judge-executable.js';
import type { NodePackages } from '../packages/read-node-packages.js';
import type { HeldExecutable } from './read-executables.js';

/** What changed a file, by the word of the two package databases. */
type PackageChange = 'upgraded' | 'installed' | 'removed';

export interface ExecutableOwners {
  /** What each side's own database says of the file it has; `null` = it has none, or no database. */
  readonly a: FileVerdict | null;
  readonly b: FileVerdict | null;
  /** Each side has the file as its own database says, of another version of the package, or of none; `null` = no such explanation. */
  readonly byPackage: PackageChange | null;
  /** Both databases name the same package in the same version, and not the same digest of the file. */
  readonly contradicts: boolean;
}

/** The packages of both sides; `null` = that exhibit has no database of them. */
export interface BothPackages {
  readonly a: NodePackages | null;
  readonly b: NodePackages | null;
}

interface FileOfBoth {
  readonly pathB64: string;
  readonly a: HeldExecutable | null;
  readonly b: HeldExecutable | null;
}

/** MD5 and SHA-1 were made by another collector at another moment: they count where its SHA-256 is that of the file. */
function verdictOf(path: string, file: HeldExecutable | null, packages: NodePackages | null): FileVerdict | null {
  if (file === null || packages === null || packages.database.listed === 0) return null;
  const known = packages.executables.get(path);
  const isSame = known !== undefined && file.sha256 !== null && known.sha256 === file.sha256;
  const hashed = isSame ? known : { path, sha256: file.sha256, sha1: null, md5: null };
  return judgeExecutable(hashed, packages.database);
}

const isAsPackaged = (verdict: FileVerdict | null): boolean => verdict?.verdict === 'unmodified';

/** The database of a side without the file names nobody for it either. */
function hasNoOwner(path: string, packages: NodePackages | null): boolean {
  return packages !== null && packages.database.listed > 0 && packages.database.ownerOf(path) === null;
}

function changeOf(
  path: string,
  { a, b }: Pick<ExecutableOwners, 'a' | 'b'>,
  packages: BothPackages,
): PackageChange | null {
  if (a === null) return isAsPackaged(b) && hasNoOwner(path, packages.a) ? 'installed' : null;
  if (b === null) return isAsPackaged(a) && hasNoOwner(path, packages.b) ? 'removed' : null;
  const isOther = a.package !== b.package || a.version !== b.version;
  return isAsPackaged(a) && isAsPackaged(b) && isOther ? 'upgraded' : null;
}

interface PackagedAs {
  readonly package: string;
  readonly version: string | null;
  readonly digestName: string;
  readonly digest: string;
}

function packagedAs(path: string, packages: NodePackages | null): PackagedAs | null {
  const owner = packages?.database.ownerOf(path) ?? null;
  return packages === null || owner === null ? null : { ...owner, version: packages.database.versionOf(owner) };
}

function areContradicting(path: string, packages: BothPackages): boolean {
  const a = packagedAs(path, packages.a);
  const b = packagedAs(path, packages.b);
  if (a === null || b === null || a.version === null || a.digest === b.digest) return false;
  return a.package === b.package && a.version === b.version && a.digestName === b.digestName;
}

/** Which package has a file that differs, on each side by that side's own database, which whoever owns the node may have written. */
export function ownersOf(file: FileOfBoth, packages: BothPackages): ExecutableOwners {
  const path = `/${Buffer.from(file.pathB64, 'base64').toString('latin1')}`;
  const sides = { a: verdictOf(path, file.a, packages.a), b: verdictOf(path, file.b, packages.b) };
  return { ...sides, byPackage: changeOf(path, sides, packages), contradicts: areContradicting(path, packages) };
}
