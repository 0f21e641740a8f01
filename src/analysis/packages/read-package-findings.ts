import { judgeExecutable, type FileVerdict } from './judge-executable.js';
import { readNodePackages, type NodePackages } from './read-node-packages.js';

const MAX_SHOWN = 200;

/** One node's executables against the package database that was taken with them. */
export interface PackageFindings {
  /** As part of a path in the archive. */
  readonly node: string;
  readonly packagedFiles: number;
  readonly unmodified: number;
  readonly modifiedTotal: number;
  /** At most 200, by path; paths as base64 of their bytes. */
  readonly modified: readonly {
    readonly pathB64: string;
    readonly package: string;
    /** `null` = the database does not say it. */
    readonly version: string | null;
  }[];
  readonly notOwnedTotal: number;
  readonly notOwned: readonly { readonly pathB64: string }[];
  /** Configuration that is not as its package has it. */
  readonly configured: number;
  readonly notComparable: number;
  /** `database-broken`, `database-damaged`, `database-too-large`, `cut`: why the numbers are not the whole. */
  readonly limits: readonly string[];
}

function findingsOf(node: string, { executables, database, limits }: NodePackages): PackageFindings {
  const judged = [...executables.values()].map((file) => ({ path: file.path, ...judgeExecutable(file, database) }));
  const of = (verdict: FileVerdict['verdict']): typeof judged => judged.filter((one) => one.verdict === verdict);
  const pathB64 = ({ path }: { readonly path: string }): string => Buffer.from(path, 'latin1').toString('base64');
  const modified = of('modified');
  const notOwned = of('not-owned');
  return {
    node,
    packagedFiles: database.listed,
    unmodified: of('unmodified').length,
    modifiedTotal: modified.length,
    modified: modified
      .slice(0, MAX_SHOWN)
      .map((one) => ({ pathB64: pathB64(one), package: one.package ?? '', version: one.version })),
    notOwnedTotal: notOwned.length,
    notOwned: notOwned.slice(0, MAX_SHOWN).map((one) => ({ pathB64: pathB64(one) })),
    configured: of('configured').length,
    notComparable: of('not-comparable').length,
    limits: [...limits].toSorted(),
  };
}

/**
 * Compares the executables of each node with its package database, both from the archive, in one pass: nothing of the node runs. Nodes
 * of which either is missing are left out. Throws as `readNodePackages`.
 */
export async function readPackageFindings(
  archivePath: string,
  containerSha256: string,
): Promise<readonly PackageFindings[]> {
  const nodes = await readNodePackages(archivePath, containerSha256);
  return [...nodes]
    .filter(([, { executables, database, limits }]) => executables.size > 0 && (database.listed > 0 || limits.size > 0))
    .map(([name, node]) => findingsOf(name, node));
}
