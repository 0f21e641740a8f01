import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { caseUseResult } from '../../cli/results/case-results.js';

export default class CaseUse extends BaseCommand<typeof CaseUse> {
  static override summary = 'Make a case the one that commands without --case work on.';

  static override description = describe('--case and EXHIBIT_CASE come before it.', [
    'CASE_INVALID',
    'STORAGE_FAILED',
    'STORAGE_UNSAFE',
  ]);

  static override examples = ['<%= config.bin %> case use k7m2p9', '<%= config.bin %> case use k7m2p9 --quiet'];

  static override args = { case: Args.string({ required: true, ignoreStdin: true, description: 'Id of the case.' }) };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseUseResult>>> {
    const { case: caseId } = this.args;
    const store = await this.context.store();
    await store.use(caseId);
    return { result: { caseId }, text: `case ${caseId} is in use`, names: [caseId] };
  }
}
