import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { megabytes } from './measure.js';
import { benchDirectory, resultsDirectory, versionOf } from './tools.js';

/** A run of fewer is kept among the results and changes no summary. */
export const FULL_ROUNDS = 5;

/** A goal: `value` of ours against `atMost`; both plain numbers, shown with `unit` (`x` for a ratio, `MB`, or nothing). */
export function goal(what, value, { atMost, unit = 'x' }) {
  return { what, value, limit: atMost, unit, reached: value <= atMost };
}

const shown = ({ value, unit }) =>
  unit === 'x' ? value.toFixed(3) : unit === 'MB' ? `${value.toFixed(0)} MB` : String(value);
const shownLimit = ({ limit, unit }) => (unit === 'MB' ? `${limit} MB` : String(limit));

function table(cells) {
  // A contestant may be a shell pipe: its bar is part of the name, not of the table.
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [
    line(rows[0]),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.slice(1).map(line),
  ].join('\n');
}

/** A benchmark's figures and goals as Markdown. */
export function render(result) {
  const figures = Object.entries(result.medians).map(([name, m]) => [
    name,
    m.wallS.toFixed(3),
    m.cpuS.toFixed(3),
    megabytes(m.rssBytes),
    ...result.columns.map(({ field, digits }) => (m[field] === undefined ? '' : m[field].toFixed(digits))),
  ]);
  const goals = result.goals.map((one) => [one.what, shown(one), shownLimit(one), one.reached ? 'yes' : '**no**']);
  return [
    `## ${result.title}`,
    `${result.finishedAt.slice(0, 10)}, ${result.rounds} rounds, load of the machine ${result.load.toFixed(1)}`,
    table([
      ['median of the rounds', 'wall s', 'CPU s', 'RSS', ...result.columns.map(({ title }) => title)],
      ...figures,
    ]),
    table([['goal', 'ours', 'at most', 'reached'], ...goals]),
    ...result.notes,
  ].join('\n\n');
}

/** Keeps every sample: one file per run, and the latest of each benchmark for RESULTS.md. */
export function keep(result) {
  const latest = join(resultsDirectory, 'latest');
  mkdirSync(latest, { recursive: true });
  const text = `${JSON.stringify(result, null, 1)}\n`;
  writeFileSync(join(resultsDirectory, `${result.finishedAt.replaceAll(/[:.]/g, '')}-${result.name}.json`), text);
  if (!result.quick && result.rounds >= FULL_ROUNDS) writeFileSync(join(latest, `${result.name}.json`), text);
}

function machine() {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`;
}

/** Writes RESULTS.md from the latest full run of each benchmark, in the given order. */
export async function writeSummary(order, kubectl) {
  const latest = join(resultsDirectory, 'latest');
  const found = readdirSync(latest).map((name) => JSON.parse(readFileSync(join(latest, name), 'utf8')));
  found.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const versions = [
    `Node ${process.version}`,
    versionOf([kubectl, 'version', '--client']),
    versionOf(['curl', '--version'])?.split(' ').slice(0, 2).join(' '),
    versionOf(['openssl', 'version'])?.split(' ').slice(0, 2).join(' '),
    versionOf(['gzip', '--version']),
    versionOf(['tar', '--version']),
    versionOf(['sha256sum', '--version']),
  ];
  const goals = found.flatMap(({ goals: list }) => list);
  const text = [
    '# Benchmarks: the last full run of each',
    'Written by `npm run bench`; how it measures is in [README.md](README.md). Ratios are ours divided by theirs, of medians of one run in\nwhich the contestants took turns. CPU is user and system time of the whole process tree.',
    `Machine: ${machine()}. ${versions.filter((version) => version !== null && version !== undefined).join('; ')}.`,
    `${goals.filter(({ reached }) => reached).length} of ${goals.length} goals reached.`,
    ...found.map(render),
  ].join('\n\n');
  const formatted = await format(`${text}\n`, { parser: 'markdown', printWidth: 120 });
  writeFileSync(join(benchDirectory, 'RESULTS.md'), formatted);
}
