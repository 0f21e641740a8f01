import { ContainerPackages } from '../analysis/drift/container-packages.js';
import { findDrift, type DriftRow } from '../analysis/drift/find-drift.js';
import { readDiffs } from '../analysis/drift/read-diffs.js';
import type { DiffSource } from '../model/diff-entry.js';
import type { DriftClass } from '../model/drift.js';
import { ExhibitError } from '../model/errors.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import { verify, type VerifyRequest } from './verify.js';

export interface DiffRequest {
  readonly archive: VerifyRequest;
  /** `NAMESPACE/POD/CONTAINER`, `NAMESPACE/POD` or a container id; `null` = all. */
  readonly container: string | null;
  /** Only these; empty = all. */
  readonly classes: readonly DriftClass[];
  /** What no rule speaks about, too, and what is expected at run time. */
  readonly isAll: boolean;
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
}

export interface DiffedContainer {
  readonly source: DiffSource;
  /** Entries by class, those that are as in the image too. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface DiffReport {
  readonly report: VerifyReport;
  readonly containers: readonly DiffedContainer[];
  readonly rows: readonly DriftRow[];
  /** Rows of the selected containers that were not asked for. */
  readonly leftOut: number;
  /** There were more entries than can be judged at once. */
  readonly isCut: boolean;
  /** Lines of derived files that could not be read. */
  readonly unreadable: number;
}

const GOOD: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL'];

function isOf(source: DiffSource | null, wanted: string | null): boolean {
  if (wanted === null) return true;
  if (source === null) return false;
  const { namespace, pod, container, containerId } = source;
  return [`${namespace}/${pod}/${container}`, `${namespace}/${pod}`, containerId].includes(wanted);
}

function isShown(row: DriftRow, { isAll, classes }: DiffRequest): boolean {
  if (classes.length > 0) return row.findings.some(({ driftClass }) => classes.includes(driftClass));
  return isAll || row.findings.some(({ severity }) => severity !== 'info');
}

/**
 * Verifies an archive and says what its containers have that their images have not. Throws `VERIFY_FAILED` for a verdict that is neither
 * good nor accepted in words, `USAGE_INVALID` when there is no such container or no diff at all, and as `readDiffs`.
 */
export async function diff(
  request: DiffRequest,
  deps: { readonly clock: Clock; readonly scratchDirectory: string },
): Promise<DiffReport> {
  const { archivePath } = request.archive;
  const report = await verify(request.archive, deps);
  if (!GOOD.includes(report.verdict) && report.verdict !== request.accepted) throw refused(report);
  const diffs = await readDiffs(archivePath, report.containerSha256 ?? '');
  const containers = [...diffs.sources]
    .filter(([, source]) => isOf(source, request.container))
    .map(([container, source]) => ({ source, counts: diffs.counts.get(container) ?? new Map<string, number>() }));
  if (containers.length === 0) throw nothingThere(request, [...diffs.sources.values()]);
  const packages = new ContainerPackages(diffs.sources, diffs.entries);
  await packages.read(archivePath, report.containerSha256 ?? '');
  const rows = findDrift(diffs, packages).filter(({ source }) => isOf(source, request.container));
  const shown = rows.filter((row) => isShown(row, request));
  return {
    report,
    containers,
    rows: shown,
    leftOut: rows.length - shown.length,
    isCut: diffs.isCut,
    unreadable: diffs.problems.length,
  };
}

function refused({ archive, verdict, line }: VerifyReport): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `nothing is concluded from an archive that does not verify: ${line}`, {
    subject: archive,
    hints: ['exhibit verify ARCHIVE', `exhibit diff ARCHIVE --accept ${verdict}`],
  });
}

const MAX_NAMED = 10;

function nothingThere({ archive, container }: DiffRequest, sources: readonly DiffSource[]): ExhibitError {
  if (sources.length === 0)
    return new ExhibitError(
      'USAGE_INVALID',
      'The archive has no diff of a container: it is collected with --node-access.',
      {
        subject: archive.archivePath,
        hints: ['exhibit collect --node NODE --node-access collector-pod'],
      },
    );
  const names = sources.slice(0, MAX_NAMED).map((one) => `${one.namespace}/${one.pod}/${one.container}`);
  return new ExhibitError(
    'USAGE_INVALID',
    `The archive has no diff of this container; it has ${names.join(', ')}${sources.length > MAX_NAMED ? ', ...' : ''}.`,
    {
      subject: container ?? '',
      hints: ['exhibit diff ARCHIVE'],
    },
  );
}
