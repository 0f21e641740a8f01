import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { explainCode } from '../cli/explain-code.js';
import type { CommandOutcome } from '../cli/outcome.js';
import type { explainResult } from '../cli/results/key-results.js';
import { renderFacts } from '../cli/table.js';

export default class Explain extends BaseCommand<typeof Explain> {
  static override summary = 'Say what a code of an error or a message means.';

  static override description = describe('Works without a network, a cluster and a case.', []);

  static override examples = ['<%= config.bin %> explain CASE_LOCKED', '<%= config.bin %> explain COLLECT_GAP --json'];

  static override args = {
    code: Args.string({ required: true, ignoreStdin: true, description: 'The code, in any case.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof explainResult>>> {
    const explained = explainCode(this.args.code);
    return await Promise.resolve({
      result: explained,
      text: renderFacts([
        [explained.code, explained.meaning],
        ['exit code', explained.exitCode === null ? null : String(explained.exitCode)],
        ['level', explained.level],
        ['what to do', explained.remedy],
      ]),
    });
  }
}
