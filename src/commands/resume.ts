import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { collectOutcome } from '../cli/collect-outcome.js';
import { goOnResponding, liveResponse } from '../cli/respond-outcome.js';
import { passphraseFlags } from '../cli/signing-flags.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { refuseSandbox } from '../cli/refuse-sandbox.js';
import { resumeCommand } from '../cli/resume-command.js';
import type { collectResult } from '../cli/results/archive-results.js';
import type { respondResult } from '../cli/results/respond-results.js';
import { timestampersOf, tsaFlags } from '../cli/timestampers.js';
import { resumeCollection } from '../workflows/collect.js';

type Outcome = CommandOutcome<z.infer<typeof collectResult>> | CommandOutcome<z.infer<typeof respondResult>>;

export default class Resume extends BaseCommand<typeof Resume> {
  static override summary = 'Go on with a collection, or a response, that was interrupted.';

  static override description = describe(
    `Scope, profile and limits are those of the interrupted run. What has its outcome is not read again. The connection is given anew, as
for collect; another cluster than the one that was begun with is refused. A response goes on with the phase it was in; it was confirmed when it was
begun.`,
    [
      'CASE_INVALID',
      'NOTHING_TO_RESUME',
      'COLLECT_PARTIAL',
      'RESPOND_PARTIAL',
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

  static override flags = { ...tsaFlags, ...passphraseFlags, ...clusterFlags };

  protected override goOn(): string {
    return resumeCommand((this.flags as { readonly case?: string | undefined } | undefined)?.case);
  }

  protected override async execute(): Promise<Outcome> {
    const { context, flags } = this;
    const caseId = await context.caseId();
    await refuseSandbox(context, caseId);
    const live = await liveResponse(context, caseId);
    if (live !== null) {
      const passphraseFd = flags['passphrase-fd'];
      return await goOnResponding(live, caseId, { clusterFlags: flags, passphraseFd, context, answers: this.answers });
    }
    const timestampers = await timestampersOf(context, flags.tsa);
    const deps = await context.collectDeps(caseId, context.clusterTarget(flags));
    const summary = await resumeCollection({ ...deps, timestampers });
    return await collectOutcome(context, summary);
  }
}
