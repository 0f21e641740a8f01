import { spawn } from 'node:child_process';
import { errnoOf } from '../../model/errors.js';

const MAX_OUTPUT_BYTES = 64 * 1024;

export interface SshProgramRun {
  readonly program: 'ssh-keygen' | 'ssh-add';
  readonly args: readonly string[];
  /** The whole environment of the program. */
  readonly variables: Readonly<Record<string, string>>;
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type SshProgramEnd =
  | { readonly kind: 'ended'; readonly status: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'missing' | 'late' | 'endless' };

/** Keeps the bytes of a stream up to the limit; calls `overflow` when there are more. */
function keep(stream: NodeJS.ReadableStream, overflow: () => void): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_OUTPUT_BYTES) overflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('latin1');
}

/**
 * Runs a program of OpenSSH without a shell, with a limit on its time and its output, in Latin-1. Anything that it does is an end, not
 * an error; rejects only when it cannot be started for a reason other than that it is not there.
 */
export async function runSshProgram(run: SshProgramRun): Promise<SshProgramEnd> {
  const { program, args, variables, input, timeoutMs, signal } = run;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...variables }, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    let cut: 'late' | 'endless' | null = null;
    const end = (signalName: 'SIGKILL' | 'SIGTERM'): void => {
      child.kill(signalName);
      // What the program started may hold its output open and is not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = (why: 'late' | 'endless'): void => {
      cut ??= why;
      end('SIGKILL');
    };
    const abort = (): void => {
      end('SIGTERM');
    };
    const timer = setTimeout(() => {
      stop('late');
    }, timeoutMs);
    const overflow = (): void => {
      stop('endless');
    };
    const [stdout, stderr] = [keep(child.stdout, overflow), keep(child.stderr, overflow)];
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => {
      settle();
      if (errnoOf(error) === 'ENOENT') resolve({ kind: 'missing' });
      else reject(error);
    });
    child.once('close', (status) => {
      settle();
      resolve(cut === null ? { kind: 'ended', status, stdout: stdout(), stderr: stderr() } : { kind: cut });
    });
    // A program that ends without reading its input is told by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    if (signal.aborted) abort();
  });
}
