import { compareExecutables, pairNodes, type ExecutableRow } from '../analysis/executables/compare-executables.js';
import { readExecutables, type ReadExecutables } from '../analysis/executables/read-executables.js';
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

/**
 * Verifies two archives and compares the executables of their nodes: two disks, two moments, or a disk and its live node. Throws
 * `VERIFY_FAILED` for a verdict that is neither good nor accepted, `USAGE_INVALID` when there are no inventories to compare.
 */
export async function diffExhibits(request: DiffExhibitsRequest, deps: Deps): Promise<ExhibitsDiff> {
  const reportA = await verified(request.a, request.accepted, deps);
  const reportB = await verified(request.b, request.accepted, deps);
  const a = await readExecutables(request.a.archivePath, reportA.containerSha256 ?? '');
  const b = await readExecutables(request.b.archivePath, reportB.containerSha256 ?? '');
  const pairs = pairNodes(a.nodes, b.nodes);
  if (pairs.length === 0) throw nothingToCompare(a, b);
  return {
    reportA,
    reportB,
    compared: pairs.map(([one, other]) => ({
      nodeA: one.node,
      nodeB: other.node,
      vantageA: one.vantage,
      vantageB: other.vantage,
      filesA: one.files.size,
      filesB: other.files.size,
    })),
    rows: pairs.flatMap(([one, other]) => compareExecutables(one, other)),
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
