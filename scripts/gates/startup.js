import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../lib/run.js';

const RUNS = 5;
const ROUNDS = 6;
const LIMITS = [
  { args: ['--version'], factor: 1.5 },
  { args: ['--help'], factor: 3.5 },
];

/** `0m1.230000s` -> 1230. */
function toMs(text) {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text);
  return (Number(minutes) * 60 + Number(seconds)) * 1000;
}

/** Mean CPU milliseconds, user and system, of `RUNS` runs, from the shell's account of its children. */
function meanCpuMs(args) {
  const loop = `i=0; while [ $i -lt ${RUNS} ]; do "$0" "$@" >/dev/null 2>&1 </dev/null; i=$((i+1)); done; times`;
  const { stdout } = spawnSync('sh', ['-c', loop, process.execPath, ...args], { encoding: 'utf8' });
  const children = stdout.trim().split('\n')[1].split(' ');
  return (toMs(children[0]) + toMs(children[1])) / RUNS;
}

/** What starting costs, against an empty Node: the least of several rounds, since other load only ever adds. */
export function startupGate() {
  const least = (args) => Math.min(...Array.from({ length: ROUNDS }, () => meanCpuMs(args)));
  const empty = least(['-e', '0']);
  const rows = LIMITS.map(({ args, factor }) => {
    const ratio = least([join(root, 'bin/run.js'), ...args]) / empty;
    return { ok: ratio <= factor, text: `${args.join(' ')} ${ratio.toFixed(2)}x (limit ${factor}x)` };
  });
  return {
    ok: rows.every((row) => row.ok),
    detail: `${rows.map((row) => row.text).join(', ')}, node -e 0 is ${empty.toFixed(0)} ms`,
  };
}
