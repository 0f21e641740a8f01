import { compareExecutables, pairNodes, type ExecutableRow } from '../analysis/executables/compare-executables.js';
import {
  readExecutables,
  type NodeExecutables,
  type ReadExecutables,
} from '../analysis/executables/read-executables.js';
import { mergedPath } from '../analysis/packages/package-database.js';
import { readNodePackages, type NodePackages } from '../analysis/packages/read-node-packages.js';
import { ExhibitError } from '../model/errors.js';
import type { Vantage } from '../model/artifact.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import { verify, type VerifyRequest } from './verify.js';

export interface DiffExhibitsRequest {
  readonly a: VerifyRequest;
  readonly b: VerifyRequest;
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
}

/** Two inventories that were compared. */
export interface ComparedNodes {
  readonly nodeA: string;
  readonly nodeB: string;
  readonly vantageA: Vantage;
  readonly vantageB: Vantage;
  readonly filesA: number;
  readonly filesB: number;
  readonly packagesA: ComparedPackages | null;
  readonly packagesB: ComparedPackages | null;
}

/** The package database of a side; `null` in its place = none was taken. */
interface ComparedPackages {
  readonly files: number;
  /** Why it is not the whole. */
  readonly limits: readonly string[];
}

export interface ExhibitsDiff {
  readonly reportA: VerifyReport;
  readonly reportB: VerifyReport;
  readonly compared: readonly ComparedNodes[];
  readonly rows: readonly ExecutableRow[];
  /** One of them had more files than can be held. */
  readonly isCut: boolean;
  /** Lines that could not be read. */
  readonly unreadable: number;
}

const GOOD: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL'];

async function verified(request: VerifyRequest, accepted: Verdict | null, deps: Deps): Promise<VerifyReport> {
  const report = await verify(request, deps);
  if (GOOD.includes(report.verdict) || report.verdict === accepted) return report;
  throw new ExhibitError('VERIFY_FAILED', `nothing is concluded from an archive that does not verify: ${report.line}`, {
    subject: report.archive,
    hints: ['exhibit verify ARCHIVE', `exhibit diff A B --accept ${report.verdict}`],
  });
}

interface Deps {
  readonly clock: Clock;
  readonly scratchDirectory: string;
}

/** What either side's database is asked about: the files of both, since a file may be missing on one. */
function pathsOf(nodes: readonly NodeExecutables[]): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { files } of nodes)
    for (const pathB64 of files.keys()) paths.add(mergedPath(`/${Buffer.from(pathB64, 'base64').toString('latin1')}`));
  return paths;
}

/** Digests without a database say nothing of packages. */
function withDatabase(packages: NodePackages | undefined): NodePackages | null {
  const isThere = packages !== undefined && (packages.database.listed > 0 || packages.limits.size > 0);
  return isThere ? packages : null;
}

function comparedPackages(packages: NodePackages | null): ComparedPackages | null {
  return packages === null ? null : { files: packages.database.listed, limits: [...packages.limits].toSorted() };
}

/**
 * Verifies two archives and compares the executables of their nodes: two disks, two moments, or a disk and its live node, each with the
 * packages that its own database names. Throws
 * `VERIFY_FAILED` for a verdict that is neither good nor accepted, `USAGE_INVALID` when there are no inventories to compare.
 */
export async function diffExhibits(request: DiffExhibitsRequest, deps: Deps): Promise<ExhibitsDiff> {
  const reportA = await verified(request.a, request.accepted, deps);
  const reportB = await verified(request.b, request.accepted, deps);
  const a = await readExecutables(request.a.archivePath, reportA.containerSha256 ?? '');
  const b = await readExecutables(request.b.archivePath, reportB.containerSha256 ?? '');
  const pairs = pairNodes(a.nodes, b.nodes);
  if (pairs.length === 0) throw nothingToCompare(a, b);
  const asked = pathsOf(pairs.flat());
  const isAsked = (path: string): boolean => asked.has(path);
  const ofA = await readNodePackages(request.a.archivePath, reportA.containerSha256 ?? '', isAsked);
  const ofB = await readNodePackages(request.b.archivePath, reportB.containerSha256 ?? '', isAsked);
  const packagesOf = ([one, other]: (typeof pairs)[number]) => ({
    a: withDatabase(ofA.get(one.node)),
    b: withDatabase(ofB.get(other.node)),
  });
  return {
    reportA,
    reportB,
    compared: pairs.map(([one, other]) => {
      const packages = packagesOf([one, other]);
      return {
        nodeA: one.node,
        nodeB: other.node,
        vantageA: one.vantage,
        vantageB: other.vantage,
        filesA: one.files.size,
        filesB: other.files.size,
        packagesA: comparedPackages(packages.a),
        packagesB: comparedPackages(packages.b),
      };
    }),
    rows: pairs.flatMap(([one, other]) => compareExecutables(one, other, packagesOf([one, other]))),
    isCut: a.isCut || b.isCut,
    unreadable: a.problems.length + b.problems.length,
  };
}

function nothingToCompare(a: ReadExecutables, b: ReadExecutables): ExhibitError {
  const names = ({ nodes }: ReadExecutables): string => nodes.map(({ node }) => node).join(', ') || 'none';
  return new ExhibitError(
    'USAGE_INVALID',
    `The archives have no inventories of executables of the same node: A has ${names(a)}; B has ${names(b)}.`,
    { hints: ['exhibit collect --disk PATH', 'exhibit collect --node NODE --node-access collector-pod'] },
  );
}
