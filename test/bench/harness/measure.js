import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { run } from './tools.js';

/**
 * Runs one command as a process tree of its own and returns what the tree took: `wallS`, `cpuS`, `treeRssBytes`, ...
 * `argv` is a program and its arguments, or `script` a line for bash with pipefail. `exitCodes`: which ends are no failure.
 */
export async function measure(
  context,
  { argv, script, env = {}, cwd = context.work, exitCodes = [0], timeoutS = 900 },
) {
  const out = join(context.work, 'usage.json');
  const log = join(context.work, 'command.log');
  const command = argv ?? ['bash', '-o', 'pipefail', '-c', `set -e; ${script}`];
  const stderr = openSync(log, 'w');
  try {
    const child = spawn(context.tools, ['measure', '-out', out, '-timeout', `${timeoutS}s`, '--', ...command], {
      cwd,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', NO_COLOR: '1', ...env },
      stdio: ['ignore', stderr, stderr],
    });
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`the measurer ended with ${code}: ${readFileSync(log, 'utf8')}`)),
      );
    });
  } finally {
    closeSync(stderr);
  }
  const usage = JSON.parse(readFileSync(out, 'utf8'));
  if (usage.timedOut || !exitCodes.includes(usage.exitCode)) {
    throw new Error(`${command.join(' ')}\nended with ${usage.exitCode}: ${readFileSync(log, 'utf8').slice(-3000)}`);
  }
  return { ...usage, rssBytes: Math.max(usage.treeRssBytes, usage.processRssBytes) };
}

/**
 * Runs the contestants one after the other, round by round; the order turns by one each round. What a contestant does in `prepare` and
 * `finish` is not measured; `command(prepared)` is. `finish` may return further numbers of the sample. `rounds` of a contestant, where it has one, caps its own.
 * Returns the samples by name.
 */
export async function interleave(context, contestants, { rounds = context.rounds } = {}) {
  const samples = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % contestants.length;
    for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      if (round >= (contestant.rounds ?? Infinity)) continue;
      const prepared = await contestant.prepare?.(round);
      // What the one before left for the disk is not this one's burden.
      run(['sync']);
      const load = loadavg()[0];
      const usage = await measure(context, await contestant.command(prepared));
      const more = (await contestant.finish?.(prepared, usage)) ?? {};
      samples[contestant.name].push({ round, load, ...usage, ...more });
      context.say(
        `  ${round + 1}/${rounds} ${contestant.name}: wall ${usage.wallS.toFixed(3)} s, CPU ${usage.cpuS.toFixed(3)} s, RSS ${megabytes(usage.rssBytes)}`,
      );
    }
  }
  return samples;
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of each numeric field over the samples of each contestant. */
export function medians(samples) {
  return Object.fromEntries(
    Object.entries(samples)
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => {
        const fields = Object.keys(list[0]).filter((field) => typeof list[0][field] === 'number' && field !== 'round');
        return [name, Object.fromEntries(fields.map((field) => [field, median(list.map((sample) => sample[field]))]))];
      }),
  );
}
