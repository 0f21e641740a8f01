import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { caseShown } from '../../cli/case-shown.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentCase } from '../../cli/present-case.js';
import type { caseShowResult } from '../../cli/results/case-results.js';

export default class CaseShow extends BaseCommand<typeof CaseShow> {
  static override summary = 'Show a case: who, why, by what authority, and its exhibits.';

  static override description = describe('Without an id, the case in use.', [
    'CASE_INVALID',
    'CASE_CORRUPT',
    'STORAGE_UNSAFE',
  ]);

  static override examples = ['<%= config.bin %> case show', '<%= config.bin %> case show k7m2p9 --json'];

  static override args = { case: Args.string({ ignoreStdin: true, description: 'Id of the case.' }) };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseShowResult>>> {
    const shown = await caseShown(this.context, this.args.case ?? (await this.context.caseId()));
    return { result: shown, text: presentCase(shown), names: [shown.caseId] };
  }
}
