import type { z } from 'zod';
import type { ExecutableRow } from '../analysis/executables/compare-executables.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { ExhibitsDiff } from '../workflows/diff-exhibits.js';
import type { executableRowResult } from './results/diff-exhibits-result.js';
import { renderTable } from './table.js';
import { verdictLines } from './verdict-text.js';

const SHOWN_ROWS = 500;

/** A row as the JSON document and the lines of ndjson have it. */
export function executableRow({ pathB64, ...row }: ExecutableRow): z.infer<typeof executableRowResult> {
  const bytes = Buffer.from(pathB64, 'base64').toString('latin1');
  return { ...row, path: { b64: pathB64, display: escapeForTerminal(bytes, 4096) } };
}

function sideOf(file: ExecutableRow['a']): string {
  if (file === null) return '-';
  return `${file.mode < 0 ? '?' : file.mode.toString(8)} ${String(file.uid)}:${String(file.gid)} ${file.sha256?.slice(0, 12) ?? 'no hash'}`;
}

type Side = ExecutableRow['owners']['a'];

const named = (side: Side): string => `${side?.package ?? ''} ${side?.version ?? ''}`.trim();

/** `coreutils 9.1-1 -> 9.1-2`. */
function betweenOf(a: Side, b: Side): string {
  const [one, other] = [named(a), named(b)];
  if (one === '' || other === '' || one === other) return other === '' ? one : other;
  return `${one} -> ${a?.package === b?.package ? (b?.version ?? '?') : other}`;
}

/** `upgraded: coreutils 9.1-1 -> 9.1-2`, or whose it is and whether it is as packaged. */
function packageOf({ owners: { a, b, byPackage } }: ExecutableRow): string {
  if (byPackage !== null) return `${byPackage}: ${betweenOf(a, b)}`;
  const last = b ?? a;
  if (last?.verdict === 'modified') return `not as in ${named(last)}`;
  const between = betweenOf(a, b);
  return between === '' ? '-' : between;
}

function withoutDatabase({ compared }: ExhibitsDiff): string[] {
  const missing = compared.flatMap((one) => [
    ...(one.packagesA === null ? [`${one.nodeA} in A`] : []),
    ...(one.packagesB === null ? [`${one.nodeB} in B`] : []),
  ]);
  const limited = compared.flatMap(({ packagesA, packagesB }) => [
    ...(packagesA?.limits ?? []),
    ...(packagesB?.limits ?? []),
  ]);
  return [
    ...(missing.length > 0
      ? [`No package database (collector os-files) of ${missing.join(', ')}: nothing is said of its packages.`]
      : []),
    ...(limited.length > 0 ? [`Package databases are not whole: ${[...new Set(limited)].join(', ')}.`] : []),
  ];
}

/** Both verdicts, what was compared, and the table with the gravest first. */
export function presentExhibitsDiff(diff: ExhibitsDiff, columns: number): string {
  const { reportA, reportB, compared, rows, isCut, unreadable } = diff;
  const nodes = renderTable(
    ['node', 'a', 'files in a', 'node in b', 'b', 'files in b'],
    compared.map((one) => [one.nodeA, one.vantageA, String(one.filesA), one.nodeB, one.vantageB, String(one.filesB)]),
  );
  const table =
    rows.length === 0
      ? 'The executables are the same.'
      : renderTable(
          ['findings', 'path', 'package', 'a', 'b'],
          rows
            .slice(0, SHOWN_ROWS)
            .map((row) => [
              row.findings.join(', ') || row.change,
              Buffer.from(row.pathB64, 'base64').toString('latin1'),
              packageOf(row),
              sideOf(row.a),
              sideOf(row.b),
            ]),
        );
  const remarks = [
    ...(rows.length > SHOWN_ROWS ? [`and ${String(rows.length - SHOWN_ROWS)} more; -o ndjson lists all`] : []),
    ...withoutDatabase(diff),
    ...(isCut ? ['There are more files than are compared at once.'] : []),
    ...(unreadable > 0 ? [`${String(unreadable)} lines of the inventories could not be read.`] : []),
  ];
  return [
    'A',
    ...verdictLines(reportA, columns),
    'B',
    ...verdictLines(reportB, columns),
    '',
    nodes,
    '',
    table,
    ...(remarks.length > 0 ? ['', ...remarks] : []),
  ].join('\n');
}
