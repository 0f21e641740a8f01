#!/usr/bin/env node
// npm run check: every gate, each one run even when another failed, then a table and one line of totals. The longest one, which keeps
// one core busy, runs beside the others.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.js';
import { findDrift } from './docs.js';
import { installGate, packGate, publintGate } from './gates/npm-package.js';
import { releaseGate } from './gates/release.js';
import { ensureInstalled } from './lib/ensure-installed.js';
import { main, printTotals, run, tool } from './lib/run.js';

/** A gate that is a program: it passes when the program ends with 0, and shows what the program said when not. */
const program =
  (path, ...args) =>
  async () => {
    const { status, output } = await run(process.execPath, [tool(path), ...args], { capture: true });
    return { ok: status === 0, detail: status === 0 ? '' : output.trim() };
  };

async function driftGate() {
  const drift = await findDrift();
  return { ok: drift.length === 0, detail: drift.length === 0 ? '' : `run npm run docs: ${drift.join(', ')}` };
}

async function buildGate() {
  await ensureBuilt();
  return { ok: true, detail: '' };
}

const LINT = ['lint', program('eslint/bin/eslint.js', '.', '--max-warnings', '0')];

/** One after the other: some need what another made. */
function otherGates(folder) {
  let tarball = '';
  return [
    ['types of tests', program('typescript/bin/tsc', '-p', 'tsconfig.json')],
    ['types of verify.html', program('typescript/bin/tsc', '-p', 'src/report/verify-page/tsconfig.json')],
    ['format', program('prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn')],
    [
      'dependency rules',
      program(
        'dependency-cruiser/bin/dependency-cruise.mjs',
        '--config',
        '.dependency-cruiser.cjs',
        'src',
        'test',
        'bin',
      ),
    ],
    ['unused code', program('knip/bin/knip.js')],
    [
      'size, names, templates, public API, what a start loads',
      program('vitest/vitest.mjs', 'run', '--project', 'architecture', '--reporter', 'dot'),
    ],
    ['generated pages', driftGate],
    [
      'npm pack',
      async () => {
        const result = await packGate(folder);
        tarball = result.tarball;
        return result;
      },
    ],
    ['publint', () => publintGate(tarball)],
    ['install of the package', () => installGate(join(folder, 'consumer'), tarball)],
    ['release tarball', () => releaseGate(join(folder, 'release'))],
  ];
}

async function judge([name, gate]) {
  const beganMs = Date.now();
  const verdict = await Promise.resolve()
    .then(gate)
    .catch((error) => ({ ok: false, detail: error.message }));
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(1);
  console.log(
    `${verdict.ok ? 'passed' : 'FAILED'}  ${name} (${seconds} s)${verdict.detail ? `\n${verdict.detail}\n` : ''}`,
  );
  return { name, seconds, ...verdict };
}

async function judgeAll(gates) {
  const results = [];
  for (const gate of gates) results.push(await judge(gate));
  return results;
}

await main(async () => {
  await ensureInstalled();
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-check-'));
  let results;
  try {
    const built = await judge(['build', buildGate]);
    results = [built, ...(await Promise.all([judgeAll([LINT]), judgeAll(otherGates(folder))])).flat()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${'gate'.padEnd(width)}  result  seconds`);
  for (const { name, ok, seconds } of results) {
    console.log(`${name.padEnd(width)}  ${ok ? 'passed' : 'FAILED'}  ${seconds.padStart(7)}`);
  }
  const failed = results.filter(({ ok }) => !ok).length;
  printTotals({ passed: results.length - failed, failed });
  return failed > 0 ? 1 : 0;
});
