import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/**
 * Runs a program without a shell and without stdin. With `capture` its output is returned, otherwise it is shown.
 * Resolves with the exit status; 127 when the program does not exist.
 */
export function run(command, args, { cwd = root, env = {}, capture = false } = {}) {
  return new Promise((resolvePromise) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    });
    const chunks = { stdout: [], stderr: [], both: [] };
    for (const name of ['stdout', 'stderr']) {
      child[name]?.on('data', (chunk) => {
        chunks[name].push(chunk);
        chunks.both.push(chunk);
      });
    }
    const text = (name) => Buffer.concat(chunks[name]).toString('utf8');
    const finish = (status) =>
      resolvePromise({ status, stdout: text('stdout'), stderr: text('stderr'), output: text('both') });
    child.on('error', () => finish(127));
    child.on('close', (code) => finish(code ?? 1));
  });
}

/** As `run`, for a step without which nothing else makes sense. */
export async function mustRun(command, args, options = {}) {
  const result = await run(command, args, options);
  if (result.status !== 0) {
    throw new Error(`${[command, ...args].join(' ')} ended with ${result.status}\n${result.output}`);
  }
  return result;
}

/** A tool of node_modules, started by this very Node. */
export const tool = (path) => resolve(root, 'node_modules', path);

/** The last words of every script that runs checks: one line that a machine can read. */
export function printTotals({ passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`);
}

/** Runs a script's main function and turns a thrown error into one readable line and exit status 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** Whether the module is the program that was started. */
export const isMain = (meta) => process.argv[1] !== undefined && resolve(process.argv[1]) === meta.filename;
