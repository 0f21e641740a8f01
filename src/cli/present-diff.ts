import type { z } from 'zod';
import { severityOf, type DriftRow } from '../analysis/drift/find-drift.js';
import type { DiffReport } from '../workflows/diff.js';
import type { driftRowResult } from './results/diff-result.js';
import { renderBytes } from './quantities.js';
import { renderTable } from './table.js';
import { verdictLines } from './verdict-text.js';

const SHOWN_ROWS = 500;

/** A row as the JSON document and the lines of ndjson have it. */
export function diffRow(row: DriftRow): z.infer<typeof driftRowResult> {
  const { source, program } = row;
  return {
    namespace: source?.namespace ?? null,
    pod: source?.pod ?? null,
    container: source?.container ?? null,
    containerId: source?.containerId ?? program?.containerId ?? null,
    severity: severityOf(row),
    findings: [...row.findings],
    entry: row.entry,
    program,
    replicas: row.replicas,
  };
}

function nameOf({ source, program }: DriftRow): string {
  if (source !== null) return `${source.namespace}/${source.pod}/${source.container}`;
  return program === null ? '' : `node ${program.node}`;
}

function whatOf({ entry, program }: DriftRow): string {
  if (entry === null) return program === null ? '' : `pid ${String(program.pid)}`;
  if (entry.type === 'file' && entry.class !== 'deleted') return `${entry.class}, ${renderBytes(entry.sizeBytes)}`;
  return entry.type === 'file' || entry.class === 'deleted' ? entry.class : `${entry.class} ${entry.type}`;
}

function cellsOf(row: DriftRow): string[] {
  const rules = row.findings.map(({ driftClass, rule }) => `${driftClass} ${rule}`).join(', ');
  const same = row.replicas === null ? '' : `${String(row.replicas.same)}/${String(row.replicas.of)}`;
  // Both are escaped already; the table escapes once more what it is given, so the backslash is undone first.
  const path = (row.entry?.path ?? row.program?.link ?? '').replaceAll('\\\\', '\\');
  return [severityOf(row) ?? '-', rules === '' ? '-' : rules, nameOf(row), path, whatOf(row), same];
}

/** The verdict, what could not be seen, then the table with the gravest first. */
export function presentDiff(
  { report, containers, rows, leftOut, isCut, unreadable }: DiffReport,
  columns: number,
): string {
  const counts = renderTable(
    ['container', 'added', 'modified', 'metadata', 'deleted', 'replaced', 'not seen'],
    containers.map(({ source, counts: by }) => {
      const of = (...classes: string[]): string => String(classes.reduce((sum, one) => sum + (by.get(one) ?? 0), 0));
      return [
        `${source.namespace}/${source.pod}/${source.container}`,
        of('added', 'renamed'),
        of('content-modified', 'type-changed', 'undetermined'),
        of('metadata-only', 'metacopy'),
        of('deleted'),
        of('opaque-replaced'),
        [
          ...source.degraded,
          ...source.disagreements,
          ...(source.leftOut > 0 ? [`${String(source.leftOut)} files left out`] : []),
        ].join('; ') || '-',
      ];
    }),
  );
  const table =
    rows.length === 0
      ? 'Nothing that a rule speaks about.'
      : renderTable(
          ['severity', 'rules', 'container', 'path', 'what', 'replicas'],
          rows.slice(0, SHOWN_ROWS).map(cellsOf),
        );
  const remarks = [
    ...(rows.length > SHOWN_ROWS ? [`and ${String(rows.length - SHOWN_ROWS)} more; -o ndjson lists all`] : []),
    ...(leftOut > 0 ? [`${String(leftOut)} changes are not shown; --all shows them.`] : []),
    ...(isCut ? ['There are more changes than are judged at once; entries.jsonl in the archive has all.'] : []),
    ...(unreadable > 0 ? [`${String(unreadable)} lines of the archive could not be read.`] : []),
  ];
  return [
    ...verdictLines(report, columns),
    '',
    counts,
    '',
    table,
    ...(remarks.length > 0 ? ['', ...remarks] : []),
  ].join('\n');
}
