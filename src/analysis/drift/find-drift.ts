import { DRIFT_SEVERITIES, type DriftFinding, type DriftSeverity } from '../../model/drift.js';
import type { DiffEntry, DiffSource } from '../../model/diff-entry.js';
import type { EntryPackages } from '../packages/entry-packages.js';
import type { ContainerPackages } from './container-packages.js';
import { withOwnPackage } from './installed-inside.js';
import { judgeEntry } from './judge-entry.js';
import type { DeletedProgram, ReadDiffs } from './read-diffs.js';
import { withReplicas, type ReplicaCount } from './replicas.js';

/** One thing that a container has and its image has not, with what speaks for its being grave. */
export interface DriftRow {
  /** `null` = a process, whose container the diff did not take. */
  readonly container: string | null;
  readonly source: DiffSource | null;
  /** `null` = a running program that is no file any more. */
  readonly entry: DiffEntry | null;
  readonly program: DeletedProgram | null;
  readonly findings: readonly DriftFinding[];
  readonly replicas: ReplicaCount | null;
  /** `null` = no package database of the image was taken, or it is no file of a layer. */
  readonly packages: EntryPackages | null;
}

/** The gravest of what was found; `null` = nothing. */
export function severityOf({ findings }: Pick<DriftRow, 'findings'>): DriftSeverity | null {
  return DRIFT_SEVERITIES.find((severity) => findings.some((one) => one.severity === severity)) ?? null;
}

function rowOfProgram(program: DeletedProgram, byId: ReadonlyMap<string, readonly [string, DiffSource]>): DriftRow {
  const [container, source] = byId.get(program.containerId ?? '') ?? [null, null];
  const rule = program.isMemory ? 'runs-from-memory' : 'runs-deleted';
  const why = program.isMemory
    ? 'A process runs a program that was never a file.'
    : 'A process runs a program that was deleted from the disk.';
  return {
    container,
    source,
    entry: null,
    program,
    findings: [{ driftClass: 'X11', rule, severity: 'critical', why }],
    replicas: null,
    packages: null,
  };
}

function rank(row: DriftRow): number {
  const severity = severityOf(row);
  return severity === null ? DRIFT_SEVERITIES.length : DRIFT_SEVERITIES.indexOf(severity);
}

/** The order in which classes matter to who reads them at night: what runs, what gives rights, what comes back, then the rest. */
const CLASS_ORDER = ['X11', 'X3', 'X2', 'X1', 'X6', 'X4', 'X8', 'X9', 'X5', 'X12', 'X7', 'X10'];

function keyOf(row: DriftRow): string {
  const first = row.findings[0]?.driftClass;
  const order = first === undefined ? 99 : CLASS_ORDER.indexOf(first);
  const path = row.entry?.path ?? row.program?.link ?? '';
  return `${String(rank(row))}|${String(order).padStart(2, '0')}|${row.container ?? ''}|${path}`;
}

/** Judges every entry by the rules and against the replicas of its image; the gravest first, else by container and path. Pure. */
export function findDrift(
  { entries, sources, replicas, deletedPrograms, running }: ReadDiffs,
  allPackages: Pick<ContainerPackages, 'of' | 'isOfImage'>,
): DriftRow[] {
  const byId = new Map([...sources].map(([container, source]) => [source.containerId, [container, source]] as const));
  const programs = deletedPrograms.map((program) => rowOfProgram(program, byId));
  const rows = entries.map(({ container, entry }): DriftRow => {
    const source = sources.get(container) ?? null;
    const runs = source !== null && running.has(`${source.containerId}|${entry.pathB64}`);
    const count = replicas.count(container, entry);
    const packages = allPackages.of(container, entry);
    const judged = judgeEntry({ entry, path: entry.path, runs, packages });
    const isOfImage = allPackages.isOfImage(container, packages?.own ?? null);
    const findings = withReplicas(withOwnPackage(judged, packages, isOfImage), entry, count);
    return { container, source, entry, program: null, findings, replicas: count.of > 1 ? count : null, packages };
  });
  const keyed = [...programs, ...rows].map((row) => [keyOf(row), row] as const);
  return keyed.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
}
