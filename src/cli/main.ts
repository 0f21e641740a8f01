/**
 * From the command line to the exit code. The one place that shows errors: those of commands, of the framework and of a command that
 * does not exist. bin/ calls `runProcess` and holds no logic.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, run, settings } from '@oclif/core';
import { errnoOf, type ExhibitError } from '../model/errors.js';
import { commandWords, outputWish } from './argv.js';
import type { CommandReport } from './outcome.js';
import { writeStdout } from './write-stdout.js';
import { errorDocument, renderError } from './render-error.js';
import { refuseSecretsInArgv } from './secrets-in-argv.js';
import { toExhibitError, unknownCommand } from './to-exhibit-error.js';
import { writeStderr } from './write-stderr.js';
import { boundHeap } from './bound-heap.js';

export interface MainOptions {
  /** Folder of package.json. */
  readonly root: string;
  readonly argv: readonly string[];
  /** How the program was called, for the help: `exhibit` or `kubectl exhibit`. */
  readonly bin?: string;
}

type PackageJson = NonNullable<Config['pjson']>;

function packageJson(options: MainOptions): PackageJson {
  const pjson = JSON.parse(readFileSync(join(options.root, 'package.json'), 'utf8')) as PackageJson;
  return { ...pjson, oclif: { ...pjson.oclif, bin: options.bin ?? 'exhibit' } };
}

function isReport(value: unknown): value is CommandReport {
  return typeof value === 'object' && value !== null && 'exitCode' in value && 'notice' in value;
}

/** A command that the framework does not know ends with an error of its own, by which it is told from a bug. */
async function toShown(thrown: unknown, options: MainOptions): Promise<ExhibitError> {
  const bin = options.bin ?? 'exhibit';
  if (thrown instanceof Error && /^command .* not found$/s.test(thrown.message)) {
    const config = await Config.load({ root: options.root, pjson: packageJson(options) });
    const known = config.commands
      .filter((command) => !command.hidden)
      .map((command) => command.id.replaceAll(':', ' '));
    return unknownCommand(commandWords(options.argv), known, bin);
  }
  return toExhibitError(thrown, { command: '', bin, flagNames: [], interrupted: null });
}

async function show(error: ExhibitError, wish: { readonly json: boolean; readonly debug: boolean }): Promise<void> {
  if (wish.json) await writeStdout(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
  if (!wish.json || wish.debug) writeStderr(renderError(error, { debug: wish.debug }));
}

/** Runs one command line and returns its exit code. Prints; never throws, never ends the process. */
export async function main(options: MainOptions): Promise<number> {
  const asked = outputWish(options.argv);
  const wish = { ...asked, debug: asked.debug || (process.env['EXHIBIT_DEBUG'] ?? '') !== '' };
  // Without this the framework compiles TypeScript on the fly when NODE_ENV says development or test.
  settings.enableAutoTranspile = false;
  try {
    refuseSecretsInArgv(options.argv);
    const report: unknown = await run([...options.argv], { root: options.root, pjson: packageJson(options) });
    if (!isReport(report)) return 0;
    if (report.notice !== null) writeStderr(renderError(report.notice, { debug: wish.debug }));
    return report.exitCode;
  } catch (thrown) {
    if (thrown instanceof Error && errnoOf(thrown) === 'EEXIT') return exitOf(thrown);
    const error = await toShown(thrown, options);
    await show(error, wish).catch(() => undefined);
    return error.exitCode;
  }
}

/** oclif's `this.exit(n)`, which its plugins use. */
function exitOf(thrown: Error): number {
  const oclif: unknown = 'oclif' in thrown ? thrown.oclif : undefined;
  return typeof oclif === 'object' && oclif !== null && 'exit' in oclif && typeof oclif.exit === 'number'
    ? oclif.exit
    : 0;
}

/** `main` for a whole process: a reader that went away is harmless, and nothing that still hangs keeps the process alive. */
export async function runProcess(options: MainOptions): Promise<never> {
  // The framework's own listener throws for everything but EPIPE, past every catch; writes report to their callbacks instead.
  process.stdout.removeAllListeners('error');
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const fail = (thrown: unknown): void => {
    void toShown(thrown, options).then((error) => {
      writeStderr(renderError(error, { debug: outputWish(options.argv).debug }));
      // eslint-disable-next-line n/no-process-exit -- After an uncaught error nothing can be relied on.
      process.exit(error.exitCode);
    });
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  boundHeap(commandWords(options.argv));
  const exitCode = await main(options);
  // eslint-disable-next-line n/no-process-exit -- Pooled connections and timers must not delay the shell.
  process.exit(exitCode);
}
