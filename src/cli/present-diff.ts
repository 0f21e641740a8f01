import type { z } from 'zod';
import { severityOf, type DriftRow } from '../analysis/drift/find-drift.js';
import type { DiffSource } from '../model/diff-entry.js';
import type { DiffReport } from '../workflows/diff.js';
import type { driftRowResult } from './results/diff-result.js';
import { renderBytes } from './quantities.js';
import { renderTable } from './table.js';
import { verdictLines } from './verdict-text.js';

const SHOWN_ROWS = 500;
const MAX_PATH = 80;
const MAX_NAME = 100;

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
    packages: row.packages,
  };
}

function containerName({ namespace, pod, container }: DiffSource): string {
  const name = `${namespace}/${pod}/${container}`;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}...` : name;
}

function nameOf({ source, program }: DriftRow): string {
  if (source !== null) return containerName(source);
  return program === null ? '' : `node ${program.node}`;
}

function whatOf({ entry, program }: DriftRow): string {
  if (entry === null) return program === null ? '' : `runs as process ${String(program.pid)}`;
  if (entry.type === 'file' && entry.class !== 'deleted') return `${entry.class}, ${renderBytes(entry.sizeBytes)}`;
  return entry.type === 'file' || entry.class === 'deleted' ? entry.class : `${entry.class} ${entry.type}`;
}

/** The table escapes what it is given: names go there as they are, cut so that a row stays a row. */
function pathOf({ entry, program }: DriftRow): string {
  if (entry === null) return program?.link ?? '';
  const raw = Buffer.from(entry.pathB64, 'base64');
  const text = raw.toString('utf8');
  const shown = Buffer.from(text, 'utf8').equals(raw) ? text : raw.toString('latin1');
  return shown.length > MAX_PATH ? `${shown.slice(0, MAX_PATH)}...` : shown;
}

/** `coreutils 9.1`, or of what the container installed itself `+curl 8.1`. */
function packageOf({ packages }: DriftRow): string {
  const own = packages?.own ?? null;
  const shown = own !== null && own.verdict === 'unmodified' ? own : packages?.image;
  const name = shown?.package ?? null;
  if (shown === undefined || name === null) return '';
  return `${shown === own ? '+' : ''}${name} ${shown.version ?? ''}`.trim().slice(0, MAX_PATH);
}

function cellsOf(row: DriftRow): string[] {
  const rules = row.findings.map(({ driftClass, rule }) => `${driftClass} ${rule}`).join(', ');
  const same = row.replicas === null ? '' : `${String(row.replicas.same)}/${String(row.replicas.of)}`;
  return [
    severityOf(row) ?? '-',
    rules === '' ? '-' : rules,
    pathOf(row),
    whatOf(row),
    packageOf(row),
    same,
    nameOf(row),
  ];
}

/** What of the way to the node keeps a diff from being whole. */
const BLINDNESS = new Set(['trusted-xattrs-unreadable', 'not-root', 'processes-guarded', 'no-processes']);

function unseenOf({ degraded, disagreements, leftOut, packages }: DiffSource): string {
  const problem = packages?.problem ?? null;
  const unseen = [
    ...degraded.filter((reason) => BLINDNESS.has(reason)),
    ...disagreements,
    ...(leftOut > 0 ? [`${String(leftOut)} files left out`] : []),
    ...(problem === null ? [] : [`package database: ${problem}`]),
  ];
  return unseen.length === 0 ? '-' : unseen.join('; ');
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
        containerName(source),
        of('added', 'renamed'),
        of('content-modified', 'type-changed', 'undetermined'),
        of('metadata-only', 'metacopy'),
        of('deleted'),
        of('opaque-replaced'),
        unseenOf(source),
      ];
    }),
  );
  const table =
    rows.length === 0
      ? 'Nothing that a rule speaks about.'
      : renderTable(
          ['severity', 'rules', 'path', 'what', 'package', 'replicas', 'container'],
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
