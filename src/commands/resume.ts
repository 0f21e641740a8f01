import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import { gapNotice } from '../cli/gap-notice.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentCollect } from '../cli/present-collect.js';
import type { collectResult } from '../cli/results/archive-results.js';
import { resumeCollection } from '../workflows/collect.js';

export default class Resume extends BaseCommand<typeof Resume> {
  static override summary = 'Go on with a collection that was interrupted.';

  static override description = describe(
    `Scope, profile and limits are those of the interrupted run. What has its outcome is not read again. The connection is given anew, as
for collect; another cluster than the one that was begun with is refused.`,
    [
      'CASE_INVALID',
      'NOTHING_TO_RESUME',
      'COLLECT_PARTIAL',
      'CASE_CORRUPT',
      'CLUSTER_UNREACHABLE',
      'CLUSTER_UNAUTHENTICATED',
      'TARGET_REPLACED',
      'STORAGE_FULL',
      'CASE_LOCKED',
      'INTERRUPTED',
      'TERMINATED',
    ],
  );

  static override examples = ['<%= config.bin %> resume', '<%= config.bin %> resume --case k7m2p9 --context prod'];

  static override flags = { ...clusterFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof collectResult>>> {
    const { context, flags } = this;
    const summary = await resumeCollection(
      await context.collectDeps(await context.caseId(), context.clusterTarget(flags)),
    );
    return {
      result: summary,
      text: presentCollect(summary),
      ...(summary.completeness === 'complete' ? {} : { notice: gapNotice(summary.outcomes, 'exhibit seal') }),
    };
  }
}
