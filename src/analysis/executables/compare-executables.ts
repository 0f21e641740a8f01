import { ownersOf, type BothPackages, type ExecutableOwners } from './executable-owners.js';
import type { HeldExecutable, NodeExecutables } from './read-executables.js';

export type ExecutableChange = 'only-in-a' | 'only-in-b' | 'content' | 'rights' | 'unknown';

/** What a difference may mean, the gravest first. */
export type ExecutableFinding =
  /** The disk has the file, or has it otherwise, and the live node does not show it so. */
  | 'hidden-from-live'
  /** It became set-user-id or set-group-id. */
  | 'set-id'
  /** Other bytes of the same size and time: a replacement that was made to look old. */
  | 'same-size-and-time'
  /** The package databases of the two sides have another digest of it for the same version of the package. */
  | 'database-contradicts'
  /** A package has it, with other content than the second side, or the only one, has. */
  | 'differs-from-package'
  | 'kernel-module'
  | 'changed-content'
  | 'new'
  | 'gone'
  | 'changed-rights'
  /** The databases explain it: each side has what its own version of the package has. It stands in place of what is expected then. */
  | 'by-package';

export interface ExecutableRow {
  readonly nodeA: string;
  readonly nodeB: string;
  /** In base64, relative to the node's root. */
  readonly pathB64: string;
  readonly change: ExecutableChange;
  readonly findings: readonly ExecutableFinding[];
  readonly a: HeldExecutable | null;
  readonly b: HeldExecutable | null;
  readonly owners: ExecutableOwners;
}

const ORDER: readonly ExecutableFinding[] = [
  'hidden-from-live',
  'set-id',
  'same-size-and-time',
  'database-contradicts',
  'differs-from-package',
  'kernel-module',
  'changed-content',
  'new',
  'gone',
  'changed-rights',
  'by-package',
];

/** What a package manager does every day. */
const EXPLAINED: ReadonlySet<ExecutableFinding> = new Set([
  'hidden-from-live',
  'kernel-module',
  'changed-content',
  'new',
  'gone',
]);

const SET_ID = 0o6000;

function changeOf(a: HeldExecutable | undefined, b: HeldExecutable | undefined): ExecutableChange | null {
  if (a === undefined) return b === undefined ? null : 'only-in-b';
  if (b === undefined) return 'only-in-a';
  if (a.sizeBytes !== b.sizeBytes) return 'content';
  if (a.sha256 === null || b.sha256 === null) return 'unknown';
  if (a.sha256 !== b.sha256) return 'content';
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid ? null : 'rights';
}

function isHidden(change: ExecutableChange, a: NodeExecutables, b: NodeExecutables): boolean {
  const diskIsA = a.vantage === 'offline-disk' && b.vantage === 'live-kernel';
  const diskIsB = b.vantage === 'offline-disk' && a.vantage === 'live-kernel';
  if (change === 'content') return diskIsA || diskIsB;
  return (diskIsA && change === 'only-in-a') || (diskIsB && change === 'only-in-b');
}

const BY_CHANGE: Readonly<Record<ExecutableChange, readonly ExecutableFinding[]>> = {
  'only-in-a': ['gone'],
  'only-in-b': ['new'],
  'content': ['changed-content'],
  'rights': ['changed-rights'],
  'unknown': [],
};

type Pair = Pick<ExecutableRow, 'change' | 'a' | 'b' | 'owners'>;

/** A file that could not be looked into has a mode of -1, which has every bit. */
const setIdBits = (file: HeldExecutable | null): number => (file === null || file.mode < 0 ? 0 : file.mode & SET_ID);

function gainsSetId({ a, b }: Pair): boolean {
  return (setIdBits(b ?? a) & ~setIdBits(b === null ? null : a)) !== 0;
}

function looksOld({ change, a, b }: Pair): boolean {
  return change === 'content' && a !== null && a.sizeBytes === b?.sizeBytes && a.modified === b.modified;
}

function differsFromPackage({ change, b, owners }: Pair): boolean {
  return change !== 'rights' && (b === null ? owners.a : owners.b)?.verdict === 'modified';
}

/** A replacement that was made to look old is none of a package's, whatever a database says. */
function isExplained({ owners }: Pair, found: ReadonlySet<ExecutableFinding>): boolean {
  return owners.byPackage !== null && !found.has('same-size-and-time') && !found.has('database-contradicts');
}

function findingsOf(row: Pair, hidden: boolean): ExecutableFinding[] {
  const found = new Set<ExecutableFinding>(BY_CHANGE[row.change]);
  if (hidden) found.add('hidden-from-live');
  if (gainsSetId(row)) found.add('set-id');
  if (looksOld(row)) found.add('same-size-and-time');
  if ((row.b ?? row.a)?.role === 'kernel-module') found.add('kernel-module');
  if (row.owners.contradicts) found.add('database-contradicts');
  if (differsFromPackage(row)) found.add('differs-from-package');
  if (!isExplained(row, found)) return ORDER.filter((one) => found.has(one));
  return ORDER.filter((one) => one === 'by-package' || (found.has(one) && !EXPLAINED.has(one)));
}

/** Inventories that belong together: those of the same node, and, where each side has one only, those two. */
export function pairNodes(
  a: readonly NodeExecutables[],
  b: readonly NodeExecutables[],
): readonly (readonly [NodeExecutables, NodeExecutables])[] {
  const [onlyA, moreA] = a;
  const [onlyB, moreB] = b;
  if (onlyA !== undefined && onlyB !== undefined && moreA === undefined && moreB === undefined) return [[onlyA, onlyB]];
  return a.flatMap((one) => b.filter(({ node }) => node === one.node).map((other) => [one, other] as const));
}

/**
 * What two inventories of executables have differently, by hash, size, mode, owner and package; the gravest first, then by path. Whatever lies
 * between the two in time is part of it: a disk that was taken later shows what was installed meanwhile.
 */
export function compareExecutables(
  a: NodeExecutables,
  b: NodeExecutables,
  packages: BothPackages,
): readonly ExecutableRow[] {
  const rows: ExecutableRow[] = [];
  for (const pathB64 of new Set([...a.files.keys(), ...b.files.keys()])) {
    const change = changeOf(a.files.get(pathB64), b.files.get(pathB64));
    if (change === null) continue;
    const files = { a: a.files.get(pathB64) ?? null, b: b.files.get(pathB64) ?? null };
    const both = { change, ...files, owners: ownersOf({ pathB64, ...files }, packages) };
    const findings = findingsOf(both, isHidden(change, a, b));
    rows.push({ nodeA: a.node, nodeB: b.node, pathB64, ...both, findings });
  }
  const rank = ({ findings }: ExecutableRow): number =>
    findings[0] === undefined ? ORDER.length : ORDER.indexOf(findings[0]);
  return rows.toSorted(
    (one, other) =>
      rank(one) - rank(other) || Buffer.from(one.pathB64, 'base64').compare(Buffer.from(other.pathB64, 'base64')),
  );
}
