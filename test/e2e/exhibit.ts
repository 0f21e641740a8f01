import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EventEmitter } from 'node:events';
import { execa } from 'execa';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { Fault } from '../../src/sandbox/fault.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.js';

const PROGRAM = resolve(import.meta.dirname, '../../bin/run.js');

export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user of their own: a home, an EXHIBIT_HOME in it, and nothing of the environment that the tests run in. */
export class User {
  readonly directory = mkdtempSync(join(tmpdir(), 'exhibit-e2e-'));
  readonly home = join(this.directory, 'exhibit');
  readonly environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: this.directory,
    TMPDIR: this.directory,
    EXHIBIT_HOME: this.home,
    NO_COLOR: '1',
    LC_ALL: 'C',
  };

  start(...args: string[]) {
    return execa(process.execPath, [PROGRAM, ...args], {
      env: this.environment,
      cwd: this.directory,
      stdin: 'ignore',
      reject: false,
      extendEnv: false,
      stripFinalNewline: false,
      cleanup: true,
    });
  }

  async run(...args: string[]): Promise<Ended> {
    const { exitCode, signal, stdout, stderr } = await this.start(...args);
    return { exitCode, signal, stdout, stderr };
  }

  /** Runs with --json; stdout must be exactly one document. */
  async json(...args: string[]): Promise<Ended & { readonly document: Record<string, unknown> }> {
    const ended = await this.run(...args, '--json');
    return { ...ended, document: JSON.parse(ended.stdout) as Record<string, unknown> };
  }

  /** A shell line in which `exhibit` is the program. */
  async shell(line: string): Promise<Ended> {
    const { exitCode, signal, stdout, stderr } = await execa(
      'bash',
      ['-c', `exhibit() { "${process.execPath}" "${PROGRAM}" "$@"; }\n${line}`],
      {
        env: this.environment,
        cwd: this.directory,
        stdin: 'ignore',
        reject: false,
        extendEnv: false,
        stripFinalNewline: false,
      },
    );
    return { exitCode, signal, stdout, stderr };
  }

  async sandbox(faults: readonly Fault[] = []): Promise<Sandbox> {
    return await startSandbox({
      directory: join(this.directory, 'cluster'),
      clock: systemClock,
      ids: systemIds,
      faults,
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Resolves when the output of a running program holds the text; rejects when it ends before. */
export async function untilPrinted(
  child: Pick<EventEmitter, 'once'> & { readonly stderr: EventEmitter },
  text: string,
): Promise<void> {
  let seen = '';
  await new Promise<void>((done, fail) => {
    child.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(text)) done();
    });
    child.once('exit', () => fail(new Error(`ended before it printed ${text}: ${seen}`)));
  });
}
