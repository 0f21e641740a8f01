import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { collectFlags } from '../../cli/collect-flags.js';
import { collectRequestOf } from '../../cli/collect-request.js';
import { closeDrillCase, openDrillCase } from '../../cli/drill-case.js';
import { ensureKey, presentDrill, writeScorecard } from '../../cli/drill-files.js';
import { describe } from '../../cli/exit-codes-help.js';
import { clusterFlags } from '../../cli/flags.js';
import { gapNotice } from '../../cli/gap-notice.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { verdictNotice } from '../../cli/present-report.js';
import type { drillResult } from '../../cli/results/archive-results.js';
import { passphraseFlags } from '../../cli/signing-flags.js';
import { shellWord } from '../../lib/shell-word.js';
import { ExhibitError } from '../../model/errors.js';
import { runDrill } from '../../workflows/drill.js';

export default class DrillRun extends BaseCommand<typeof DrillRun> {
  static override summary = 'Rehearse: collect, seal and verify in one go, timed and scored.';

  static override description = describe(
    `With --sandbox the target is a cluster that this program plays itself, over real TLS on this machine; no cluster is needed and none
is touched. Without it the drill reads from your cluster. Always a case of its own; the case in use stays in use.`,
    ['COLLECT_PARTIAL', 'VERIFY_FAILED', 'KEY_INVALID', 'CLUSTER_UNREACHABLE', 'STORAGE_FULL', 'INTERRUPTED'],
  );

  static override examples = [
    '<%= config.bin %> drill run --sandbox',
    '<%= config.bin %> drill run --sandbox --kind drill --json',
    '<%= config.bin %> drill run --namespace canary',
  ];

  static override flags = {
    ...collectFlags,
    sandbox: Flags.boolean({ default: false, summary: 'Collect from the built-in sandbox.' }),
    kind: Flags.option({ options: ['sandbox', 'drill'] as const, multiple: false })({
      dependsOn: ['sandbox'],
      summary: 'What the archive says it is (default: sandbox; without --sandbox always drill).',
    }),
    key: Flags.string({ helpValue: 'KEY', summary: 'Signing key (default: default, made when it is missing).' }),
    ...passphraseFlags,
    ...clusterFlags,
  };

  /** A drill is not resumed: its cluster is gone with it, and `exhibit resume` would go on with the case in use. */
  protected override goOn(): string {
    const sandbox = (this.flags as { readonly sandbox?: boolean } | undefined)?.sandbox === true;
    return `exhibit drill run${sandbox ? ' --sandbox' : ''}`;
  }

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof drillResult>>> {
    const { context, flags } = this;
    const { sandbox } = flags;
    const all =
      flags.all || (sandbox && [flags.node, flags.pod, flags.namespace].every((names) => names === undefined));
    const collectors = await context.collectors();
    const kind = sandbox ? (flags.kind ?? 'sandbox') : 'drill';
    const request = await collectRequestOf({ ...flags, all, kubelet: flags.kubelet || sandbox }, context, {
      kind,
      collectors,
    });
    await ensureKey(context, flags.key);
    const trust = await context.trustList(undefined);
    if (trust === null)
      throw new ExhibitError('KEY_INVALID', 'there is no list of trusted signers', { hints: ['exhibit key new'] });
    const signer = await context.signer(flags.key, context.passphrases(flags['passphrase-fd']));
    const caseId = await openDrillCase(context, sandbox);
    const target = sandbox ? await context.startSandbox() : context.clusterTarget(flags);
    const summary = await runDrill(
      { collect: request, seal: { caseId, classification: null }, allowedSigners: trust },
      {
        ...(await context.collectDeps(caseId, target)),
        signer,
        countersigners: [],
        timestampers: [],
        sbom: await context.sbom(),
        scratchDirectory: context.scratchDirectory,
      },
    );
    await closeDrillCase(context, caseId);
    const { archivePath, receiptPath } = summary.seal;
    const { collect, report, scorecard } = summary;
    const scorecardPath = await writeScorecard(archivePath, scorecard);
    const gaps =
      collect.completeness === 'complete'
        ? null
        : gapNotice({
            outcomes: collect.outcomes,
            gapsTotal: collect.gapsTotal,
            hints: [`exhibit show ${shellWord(archivePath)}`],
          });
    const notice = verdictNotice(report) ?? gaps;
    return {
      result: { archivePath, receiptPath, scorecardPath, allowedSigners: trust.source, scorecard, collect, report },
      text: presentDrill({ summary, scorecardPath, allowedSigners: trust.source, columns: this.environment.columns }),
      ...(notice === null ? {} : { notice }),
    };
  }
}
