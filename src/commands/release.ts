import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentRelease, releaseDocument, releaseNotice } from '../cli/present-release.js';
import { confirm } from '../cli/confirm.js';
import { platformFor } from '../cli/platform-for.js';
import type { releaseResult } from '../cli/results/containment-results.js';
import { openContainmentRecord } from '../workflows/quarantine/containment-record.js';
import { releaseRisks } from '../workflows/release-risks.js';
import { cloudOf, plansToRelease, release, type ReleaseRequest } from '../workflows/release.js';

export default class Release extends BaseCommand<typeof Release> {
  static override summary = 'Take back what the containments of the case changed.';

  static override description = describe(
    `Replays the journal of the case in reverse. A change that others have changed since is left as it is and shown with what was there
before, what we made of it and what is there now; --force-step takes it back all the same. The labels by which controllers and Services
find a suspect are not given back, because a controller that finds it again has a pod too many and deletes one; --readopt gives them back. Without them, policies of others may not select it either: that is told. The
pin of a pod whose node is lost is left, because the pod would be deleted; --force-step takes it back.
Ends with a comparison of before and now. The same command goes on after an interruption.`,
    [
      'CASE_INVALID',
      'CASE_CLOSED',
      'NOTHING_TO_RELEASE',
      'DECLINED',
      'CLUSTER_UNREACHABLE',
      'CLUSTER_UNAUTHENTICATED',
      'PLATFORM_UNREACHABLE',
      'PLATFORM_UNAUTHENTICATED',
      'PLATFORM_UNSUITABLE',
      'KUBECONFIG_INVALID',
      'TARGET_REPLACED',
      'CASE_CORRUPT',
      'CASE_LOCKED',
      'STORAGE_FULL',
      'RELEASE_INCOMPLETE',
      'INTERRUPTED',
      'TERMINATED',
    ],
  );

  static override examples = [
    '<%= config.bin %> release',
    '<%= config.bin %> release --plan k7m2p9 --only 3 --only 4',
    '<%= config.bin %> release --plan k7m2p9 --force-step 2 --yes',
  ];

  static override flags = {
    'plan': Flags.string({
      helpValue: 'ID',
      summary: 'One containment; default: all of the case, the last one first.',
    }),
    'only': Flags.integer({
      multiple: true,
      multipleNonGreedy: true,
      min: 1,
      helpValue: 'STEP',
      summary: 'The number of a step to take back, and no other; repeatable.',
    }),
    'force-step': Flags.integer({
      multiple: true,
      multipleNonGreedy: true,
      min: 1,
      helpValue: 'STEP',
      summary: 'The number of a step to take back although others have changed the same; repeatable.',
    }),
    'readopt': Flags.boolean({
      default: false,
      summary: 'Give the suspects back to their controllers and Services; a controller may then delete a pod.',
    }),
    ...clusterFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof releaseResult>>> {
    const { context, flags } = this;
    const caseId = await context.caseId();
    const { clock, io, signal, os } = context;
    const { plan = null, only = null, 'force-step': forced = [], readopt } = flags;
    const request: ReleaseRequest = { plan, only, forced, readopt };
    const store = await context.store();
    const record = await openContainmentRecord({ store, caseId, clock });
    try {
      const meant = plansToRelease(record.journal.plans, request);
      const risks = releaseRisks(meant, request);
      // Who answered beforehand is told all the same.
      if (this.answers.yes) for (const risk of risks) io.emit('RELEASE_RISK', risk);
      const names = meant.map(({ target }) => target.name);
      await confirm([`What was done to ${names.join(' and to ')} is taken back.`, ...risks].join(' '), this.answers);
      const tools = await context.clusterTools(context.clusterTarget(flags), caseId, record.exhibit.requestLog);
      const { requestLog } = record.exhibit;
      const platform = await platformFor(context, cloudOf(meant), { caseToken: caseId, requestLog });
      const cloud = platform === null ? null : { actuator: platform.actuator, caseToken: caseId };
      const deps = {
        reader: tools.reader,
        actuator: tools.actuator,
        cloud,
        tool: await context.tool(),
        os,
        io,
        signal,
      };
      const result = releaseDocument(caseId, await release(request, record, deps));
      const notice = releaseNotice(result);
      return { result, text: presentRelease(result), ...(notice === null ? {} : { notice }) };
    } finally {
      await record.close();
    }
  }
}
