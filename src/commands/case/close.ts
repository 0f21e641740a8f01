import { Args } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { caseShown } from '../../cli/case-shown.js';
import { confirm } from '../../cli/confirm.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { caseCloseResult } from '../../cli/results/case-results.js';
import { closeCase } from '../../workflows/close-case.js';

export default class CaseClose extends BaseCommand<typeof CaseClose> {
  static override summary = 'Close a case: it takes no more evidence. This cannot be undone.';

  static override description = describe(
    'Asks first. Refused while an exhibit is open: seal it before; and while something is contained: release it before.',
    ['CASE_INVALID', 'CASE_CLOSED', 'DECLINED', 'CASE_LOCKED', 'STORAGE_FAILED', 'RELEASE_INCOMPLETE'],
  );

  static override examples = ['<%= config.bin %> case close', '<%= config.bin %> case close k7m2p9 --yes'];

  static override args = {
    case: Args.string({ ignoreStdin: true, description: 'Id of the case (default: the one in use).' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseCloseResult>>> {
    const { context } = this;
    const shown = await caseShown(context, this.args.case ?? (await context.caseId()));
    await confirm(`Close case ${shown.caseId} for good?`, this.answers);
    await closeCase(shown.caseId, { store: await context.store(), clock: context.clock });
    return {
      result: { caseId: shown.caseId, state: 'closed' },
      text: `case ${shown.caseId} is closed`,
      names: [shown.caseId],
    };
  }
}
