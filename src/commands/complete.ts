import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { clusterFlags } from '../cli/flags.js';
import { completions, COMPLETION_KINDS } from '../cli/completions.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import type { completeResult } from '../cli/results/key-results.js';
import { ExhibitError } from '../model/errors.js';

export default class Complete extends BaseCommand<typeof Complete> {
  static override hidden = true;

  static override summary = 'Print live names for the completion of the shell, one a line.';

  static override description = describe(
    'Prints nothing when they cannot be learned quickly; never asks, never fails.',
    [],
  );

  static override examples = [
    '<%= config.bin %> complete --script bash',
    '<%= config.bin %> complete nodes --context prod',
  ];

  static override args = {
    what: Args.string({ ignoreStdin: true, options: COMPLETION_KINDS, description: 'Which names.' }),
  };

  static override flags = {
    script: Flags.option({ options: ['bash', 'zsh'] as const, multiple: false })({
      summary: 'Print the completion script of a shell instead.',
    }),
    ...clusterFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof completeResult>>> {
    const { script } = this.flags;
    if (script !== undefined) return await this.#script(script);
    const what = this.args.what as (typeof COMPLETION_KINDS)[number] | undefined;
    if (what === undefined) {
      throw new ExhibitError('USAGE_INVALID', 'which names, or --script for which shell?', {
        hints: ['eval "$(exhibit complete --script bash)"'],
      });
    }
    // A shell that waits, or shows an error in the middle of a line, is worse than one that completes nothing.
    const names = await completions(what, this.context, this.flags).catch(() => []);
    return { result: { what, names }, text: names.join('\n'), names };
  }

  async #script(shell: string): Promise<CommandOutcome<z.infer<typeof completeResult>>> {
    const text = await readFile(join(this.context.templatesDirectory, 'completion', `exhibit.${shell}`), 'utf8');
    return { result: { what: `script-${shell}`, names: [] }, text: text.trimEnd() };
  }
}
