import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { clusterFlags } from '../cli/flags.js';
import { completions, COMPLETION_KINDS } from '../cli/completions.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import type { completeResult } from '../cli/results/key-results.js';

export default class Complete extends BaseCommand<typeof Complete> {
  static override hidden = true;

  static override summary = 'Print live names for the completion of the shell, one a line.';

  static override description = describe(
    'Prints nothing when they cannot be learned quickly; never asks, never fails.',
    [],
  );

  static override examples = ['<%= config.bin %> complete contexts', '<%= config.bin %> complete nodes --context prod'];

  static override args = {
    what: Args.string({ required: true, ignoreStdin: true, options: COMPLETION_KINDS, description: 'Which names.' }),
  };

  static override flags = { ...clusterFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof completeResult>>> {
    const what = this.args.what as (typeof COMPLETION_KINDS)[number];
    // A shell that waits, or shows an error in the middle of a line, is worse than one that completes nothing.
    const names = await completions(what, this.context, this.flags).catch(() => []);
    return { result: { what, names }, text: names.join('\n'), names };
  }
}
