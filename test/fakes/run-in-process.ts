import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Config } from '@oclif/core';
import { captureOutput } from '@oclif/test';
import { ExhibitError } from '../../src/model/errors.js';
import type { CommandReport } from '../../src/cli/outcome.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface InProcessResult {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` when the command threw. */
  readonly report: CommandReport | null;
  readonly error: ExhibitError | null;
}

type CommandClass = typeof Command & { run: (argv: string[], config: Config) => Promise<unknown> };

/**
 * Runs one command class from the sources, without a build: framework, flags, signals and printing are real. The environment is
 * `process.env`; tests stub EXHIBIT_HOME. Anything but an ExhibitError that comes out is rethrown.
 */
export async function runInProcess(command: unknown, id: string, argv: readonly string[]): Promise<InProcessResult> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const oclif = { bin: 'exhibit', topicSeparator: ' ', plugins: [] };
  const pjson = { name: 'kubexhibit', version, type: 'module', oclif };
  const config = await Config.load({ root, pjson: pjson as unknown as Config['pjson'] });
  const commandClass = command as CommandClass;
  commandClass.id = id;
  const { result, error, stdout, stderr } = await captureOutput(async () => await commandClass.run([...argv], config));
  if (error !== undefined && !(error instanceof ExhibitError)) throw error;
  return { stdout, stderr, report: (result as CommandReport | undefined) ?? null, error: error ?? null };
}
