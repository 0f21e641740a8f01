import { escapeForTerminal } from '../lib/terminal-escape.js';

const MAX_CELL = 200;

/** Columns padded with two spaces between, headings in capitals; every cell is escaped, so a row is a line. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => row.map((cell) => escapeForTerminal(cell, MAX_CELL))),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name:  value` lines with aligned values, a list of values below each other; entries without a value are left out. */
export function renderFacts(
  facts: readonly (readonly [string, string | readonly string[] | null | undefined])[],
): string {
  const shown = facts.filter(
    (fact): fact is readonly [string, string | readonly string[]] => fact[1] !== null && fact[1] !== undefined,
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  const indent = ' '.repeat(width + 2);
  return shown
    .map(([name, value]) => {
      const lines = (typeof value === 'string' ? [value] : value).map((line) => escapeForTerminal(line));
      return `${name}:`.padEnd(width + 2) + lines.join(`\n${indent}`);
    })
    .join('\n');
}
