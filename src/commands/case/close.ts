import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { caseShown } from '../../cli/case-shown.js';
import { confirm } from '../../cli/confirm.js';
import { confirmContainment } from '../../cli/confirm-containment.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { caseCloseResult } from '../../cli/results/case-results.js';
import type { AbandonedContainment } from '../../model/case.js';
import { closeCase, containmentsToAbandon } from '../../workflows/close-case.js';

const MAX_SAID = 50;

export default class CaseClose extends BaseCommand<typeof CaseClose> {
  static override summary = 'Close a case: it takes no more evidence. This cannot be undone.';

  static override description = describe(
    `Asks first. Refused while an exhibit is open: seal it before; and while something is contained: release it before. Where that can
no longer be done, because the cluster is gone for good, --abandon-containment closes the case all the same: the plan is typed, or given
with --confirm, --yes is not enough; the record of the case names every step that remains, and nothing takes it back any more.`,
    ['CASE_INVALID', 'CASE_CLOSED', 'DECLINED', 'CASE_LOCKED', 'STORAGE_FAILED', 'RELEASE_INCOMPLETE'],
  );

  static override examples = [
    '<%= config.bin %> case close',
    '<%= config.bin %> case close k7m2p9 --yes',
    '<%= config.bin %> case close k7m2p9 --abandon-containment p4x8qd',
  ];

  static override args = {
    case: Args.string({ ignoreStdin: true, description: 'Id of the case (default: the one in use).' }),
  };

  static override flags = {
    'abandon-containment': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PLAN',
      summary: 'Leave this containment as it is, for good; repeatable.',
    }),
    'confirm': Flags.string({
      helpValue: 'PLAN',
      summary: 'The plans that are abandoned, where nobody can be asked; --yes is not enough.',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseCloseResult>>> {
    const { context } = this;
    const shown = await caseShown(context, this.args.case ?? (await context.caseId()));
    const deps = { store: await context.store(), clock: context.clock };
    const plans = [...new Set(this.flags['abandon-containment'] ?? [])];
    const abandoned = await containmentsToAbandon(shown.caseId, plans, deps);
    if (abandoned.length === 0) await confirm(`Close case ${shown.caseId} for good?`, this.answers);
    else await this.#confirmLoss(shown.caseId, abandoned);
    await closeCase(shown.caseId, deps, plans);
    return {
      result: { caseId: shown.caseId, state: 'closed', abandoned },
      text: `case ${shown.caseId} is closed`,
      names: [shown.caseId],
    };
  }

  async #confirmLoss(caseId: string, abandoned: readonly AbandonedContainment[]): Promise<void> {
    for (const { target, remaining, moreRemaining } of abandoned) {
      for (const step of remaining.slice(0, MAX_SAID)) this.io.emit('CONTAINMENT_ABANDONED', `${target}: ${step}`);
      const more = remaining.length - Math.min(MAX_SAID, remaining.length) + moreRemaining;
      if (more > 0) this.io.emit('CONTAINMENT_ABANDONED', `${target}: ... and ${String(more)} more steps`);
    }
    const word = abandoned.map(({ plan }) => plan).join(', ');
    const question = `Case ${caseId} is closed for good, and nothing takes these changes back any more.`;
    await confirmContainment({ question, word, given: this.flags.confirm }, this.answers);
  }
}
