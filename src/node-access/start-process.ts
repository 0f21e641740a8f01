import { spawn } from 'node:child_process';
import { ExhibitError } from '../model/errors.js';
import type { FarExec, FarExecEnd } from './far-exec.js';

/** Between the polite end of a process group and the hard one. */
const GRACE_MS = 2000;

export interface ProcessStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A program of this machine as far side. It leads a process group of its own, and the group ends with it: what a shell started does not
 * outlive the command. Throws `NODE_ACCESS_LOST` when the program cannot be started.
 */
export async function startProcess({ file, args, env }: ProcessStart, exec: FarExec): Promise<FarExecEnd> {
  exec.signal.throwIfAborted();
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new ExhibitError('NODE_ACCESS_LOST', `${file} cannot be started: ${cause.message}`, { subject: file, cause }),
      );
    });
    child.once('close', (code, signal) => {
      resolve(signal === null ? `exit ${String(code)}` : `ended by ${signal}`);
    });
  });
  const endGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is gone already.
    }
  };
  let hard: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    endGroup('SIGTERM');
    hard = setTimeout(() => {
      endGroup('SIGKILL');
    }, GRACE_MS);
    child.stdout.destroy();
    child.stderr.destroy();
  };
  exec.signal.addEventListener('abort', onAbort, { once: true });
  let failure: unknown = null;
  const read = async (): Promise<void> => {
    try {
      for await (const chunk of child.stdout) await exec.stdout(chunk as Buffer);
    } catch (error) {
      if (!exec.signal.aborted) failure = error ?? new Error('the consumer failed');
      onAbort();
    }
  };
  child.stderr.on('data', (chunk: Buffer) => {
    exec.stderr(chunk);
  });
  child.stderr.on('error', () => undefined);
  // A script that does not read its input closes it; that is its right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(exec.stdin);
  try {
    const [detail] = await Promise.all([closed, read()]);
    if (failure !== null) throw failure as Error;
    exec.signal.throwIfAborted();
    return { detail, auditId: null };
  } finally {
    clearTimeout(hard);
    exec.signal.removeEventListener('abort', onAbort);
    endGroup('SIGKILL');
  }
}
