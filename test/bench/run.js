/**
 * npm run bench [-- NAME... --rounds N --quick --program DIR --work DIR --list]
 * Compares the built program with what people use otherwise. See README.md beside this file.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bolt } from './benchmarks/bolt.js';
import { collateral } from './benchmarks/collateral.js';
import { containerDiff } from './benchmarks/container-diff.js';
import { ebsHash } from './benchmarks/ebs-hash.js';
import { encrypt } from './benchmarks/encrypt.js';
import { logIngest } from './benchmarks/log-ingest.js';
import { nodeEvidence } from './benchmarks/node-evidence.js';
import { podLists } from './benchmarks/pod-lists.js';
import { scale } from './benchmarks/scale.js';
import { sealLarge, sealSmall } from './benchmarks/seal.js';
import { startup } from './benchmarks/startup.js';
import { verifyLarge, verifyMixed, verifySmall } from './benchmarks/verify.js';
import { median, medians } from './harness/measure.js';
import { FULL_ROUNDS, keep, render, writeSummary } from './harness/report.js';
import { buildTools, findKubectl, projectDirectory } from './harness/tools.js';

const BENCHMARKS = [
  startup,
  logIngest,
  podLists,
  sealLarge,
  sealSmall,
  verifyLarge,
  verifySmall,
  verifyMixed,
  encrypt,
  ebsHash,
  containerDiff,
  nodeEvidence,
  bolt,
  scale,
  collateral,
];
const NAMES = BENCHMARKS.map(({ name }) => name);

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      quick: { type: 'boolean', default: false },
      program: { type: 'string', default: projectDirectory },
      work: { type: 'string', default: tmpdir() },
      list: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !NAMES.some((known) => known.startsWith(name)));
  if (unknown.length > 0) throw new Error(`no benchmark is named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('--rounds is a number from 1');
  const chosen = BENCHMARKS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((given) => name.startsWith(given)),
  );
  return { ...values, rounds, program: resolve(values.program), chosen };
}

function newContext({ rounds, quick, program, work: parent }) {
  const work = mkdtempSync(join(resolve(parent), 'exhibit-bench-'));
  return {
    /** Removed at the end; everything that a benchmark writes is below it. */
    work,
    rounds,
    /** Small sizes, to see whether a benchmark runs at all; its figures mean nothing. */
    quick,
    tools: buildTools(),
    kubectl: findKubectl(),
    exhibit: [process.execPath, join(program, 'bin', 'run.js')],
    program,
    servers: 0,
    children: new Set(),
    say: (text) => console.error(text),
  };
}

/** Runs one benchmark: `run(context)` returns `{ samples, goals(medians), notes?, columns? }`. */
async function runOne(benchmark, context) {
  context.say(`${benchmark.name}: ${benchmark.title}`);
  const { samples, goals, notes = [], columns = [] } = await benchmark.run(context);
  const figures = medians(samples);
  const result = {
    name: benchmark.name,
    title: benchmark.title,
    finishedAt: new Date().toISOString(),
    rounds: context.rounds,
    quick: context.quick,
    load: median(Object.values(samples).flatMap((list) => list.map((sample) => sample.load))),
    medians: figures,
    columns,
    goals: goals(figures, samples),
    notes,
    samples,
  };
  keep(result);
  console.log(`${render(result)}\n`);
  return result;
}

async function main() {
  const chosen = readArguments();
  if (chosen.list) {
    for (const { name, title } of BENCHMARKS) console.log(`${name}\t${title}`);
    return;
  }
  const context = newContext(chosen);
  const clean = () => {
    for (const child of context.children) child.kill('SIGKILL');
    rmSync(context.work, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      clean();
      process.exit(130);
    });
  }
  context.say(`load of the machine before the start: ${loadavg()[0].toFixed(1)}`);
  try {
    for (const benchmark of chosen.chosen) await runOne(benchmark, context);
  } finally {
    clean();
  }
  if (!context.quick && context.rounds >= FULL_ROUNDS) await writeSummary(NAMES, context.kubectl);
}

await main();
