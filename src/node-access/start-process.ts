import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ExhibitError } from '../model/errors.js';
import type { FarExec, FarExecEnd } from './far-exec.js';

/** Between the polite end of a process group and the hard one. */
const GRACE_MS = 2000;

export interface ProcessStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

class RunningProcess {
  readonly #child: Child;
  readonly #exec: FarExec;
  readonly #closed: Promise<string>;
  #hard: NodeJS.Timeout | undefined;
  #failure: unknown = null;

  constructor({ file, args, env }: ProcessStart, exec: FarExec) {
    this.#exec = exec;
    this.#child = spawn(file, args, { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#closed = new Promise<string>((resolve, reject) => {
      this.#child.once('error', (cause) => {
        const message = `${file} cannot be started: ${cause.message}`;
        reject(new ExhibitError('NODE_ACCESS_LOST', message, { subject: file, cause }));
      });
      this.#child.once('close', (code, signal) => {
        resolve(signal === null ? `exit ${String(code)}` : `ended by ${signal}`);
      });
    });
  }

  async run(): Promise<FarExecEnd> {
    const { signal, stdin } = this.#exec;
    const stop = (): void => {
      this.#stop();
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#exec.stderr(chunk);
    });
    this.#child.stderr.on('error', () => undefined);
    // A script that does not read its input closes it; that is its right.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdin.end(stdin);
    try {
      const [detail] = await Promise.all([this.#closed, this.#read()]);
      if (this.#failure !== null) throw this.#failure as Error;
      signal.throwIfAborted();
      return { detail, auditId: null };
    } finally {
      clearTimeout(this.#hard);
      signal.removeEventListener('abort', stop);
      this.#signalGroup('SIGKILL');
    }
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#child.stdout) {
        const taken = this.#exec.stdout(chunk as Buffer);
        if (taken !== undefined) await taken;
      }
    } catch (error) {
      if (!this.#exec.signal.aborted) this.#failure = error ?? new Error('the consumer failed');
      this.#stop();
    }
  }

  #stop(): void {
    this.#signalGroup('SIGTERM');
    this.#hard ??= setTimeout(() => {
      this.#signalGroup('SIGKILL');
    }, GRACE_MS);
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    // What cannot be killed, since it waits for a disk, must not keep us.
    this.#child.unref();
  }

  #signalGroup(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // It is gone already.
    }
  }
}

/**
 * A program of this machine as far side. It leads a process group of its own, and the group ends with it: what a shell started does not
 * outlive the command. Throws `NODE_ACCESS_LOST` when the program cannot be started.
 */
export async function startProcess(start: ProcessStart, exec: FarExec): Promise<FarExecEnd> {
  exec.signal.throwIfAborted();
  return await new RunningProcess(start, exec).run();
}
