import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { errnoOf, ExhibitError } from '../../model/errors.js';

/** The program `age`, which knows ssh keys and plugins. */
export interface AgeProgram {
  /** Its environment; `PATH` says where it is. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

export interface AgeRun {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when it has ended well. Throws `AGE_KEY_INVALID` when it cannot be started, else what `onFailure` makes of its last words. */
  readonly ended: Promise<void>;
}

const MAX_STDERR_BYTES = 4096;

/**
 * Starts `age` without a shell. It may ask at the terminal for the passphrase of a key by itself; nothing secret goes through its
 * arguments. It is killed when the signal says so.
 */
export function startAge(
  { variables, signal }: AgeProgram,
  args: readonly string[],
  onFailure: (why: string) => ExhibitError,
): AgeRun {
  const env = Object.fromEntries(Object.entries(variables).filter((entry) => entry[1] !== undefined));
  const child = spawn('age', args, {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
    signal,
    killSignal: 'SIGKILL',
  });
  const words: Buffer[] = [];
  let heardBytes = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    if (heardBytes < MAX_STDERR_BYTES) words.push(chunk);
    heardBytes += chunk.length;
  });
  // It may end before it has read all: how it ended says why.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => {
      reject(notStarted(error, signal));
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(onFailure(lastWords(Buffer.concat(words))));
    });
  });
  ended.catch(() => undefined);
  return { child, ended };
}

function notStarted(error: Error, signal: AbortSignal | undefined): ExhibitError {
  if (signal?.aborted === true)
    return signal.reason instanceof ExhibitError
      ? signal.reason
      : new ExhibitError('INTERRUPTED', 'it was interrupted');
  const why =
    errnoOf(error) === 'ENOENT' ? 'is not on the PATH' : `cannot be started (${errnoOf(error) ?? 'unknown error'})`;
  return new ExhibitError('AGE_KEY_INVALID', `ssh keys and plugins need the program age, which ${why}.`, {
    hints: ['sudo apt-get install age', 'brew install age'],
    cause: error,
  });
}

/** `age: error: ...` without what it says about itself. */
function lastWords(stderr: Buffer): string {
  const lines = stderr
    .toString('utf8', 0, MAX_STDERR_BYTES)
    .split('\n')
    .map((line) => line.replace(/^age: (?:error: )?/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('report unexpected'));
  return lines[0] ?? 'the program age failed without a word';
}
