import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { confirmByTyping } from '../cli/confirm.js';
import { describe } from '../cli/exit-codes-help.js';
import { clusterFlags } from '../cli/flags.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { cleanupNotice, presentCleanup } from '../cli/present-cleanup.js';
import type { cleanupResult } from '../cli/results/cleanup-result.js';
import { ExhibitError } from '../model/errors.js';
import { cleanup, type CleanupSummary, nameOf, verifyCleanup } from '../workflows/cleanup.js';
import { heldByJournals } from '../workflows/held-by-journals.js';
import { leftOnNodes } from '../workflows/left-on-nodes.js';
import { type CleanupRecord, forgetfulRecord, openCleanupRecord } from '../workflows/cleanup-record.js';

const MAX_SAID = 100;

export default class Cleanup extends BaseCommand<typeof Cleanup> {
  static override summary = 'Remove what a collection made and left, or prove that nothing of it is left.';

  static override description = describe(
    `Looks for everything with the label of the case. A run removes what it made by itself; this is for one that was killed. Removed are
collector pods and namespaces that say that exhibit manages them and bear a name of its making; everything else with the label is listed
as foreign and left alone. With --verify nothing is changed: exit 0 says that every list was read and that nothing of ours was found. The
removals are written into the open exhibit, where there is one. Refused while a collection of the case is running. Disk images that a
killed run left mounted on this machine are unmounted, too, and checkpoints that the custody log does not prove gone from their node are
named: from here nobody can look there. What a containment holds is named with its plan, and is taken back by exhibit release alone; what a case holds that was closed with it, by nobody. --local does these two alone. --all-cases also
removes the pods of collections that run elsewhere, and can therefore not be answered with --yes.`,
    [
      'USAGE_INVALID',
      'CASE_INVALID',
      'CLEANUP_UNPROVEN',
      'CLEANUP_LEFT',
      'DECLINED',
      'CLUSTER_UNREACHABLE',
      'CLUSTER_UNAUTHENTICATED',
      'KUBECONFIG_INVALID',
      'CASE_LOCKED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> cleanup --verify',
    '<%= config.bin %> cleanup',
    '<%= config.bin %> cleanup --local',
    '<%= config.bin %> cleanup --all-cases --verify --context prod',
  ];

  static override flags = {
    'verify': Flags.boolean({ default: false, summary: 'Change nothing; say whether anything is left.' }),
    'local': Flags.boolean({ default: false, summary: 'Only what is on this machine; no cluster is asked.' }),
    'all-cases': Flags.boolean({ default: false, summary: 'What was made for any case, not only for this one.' }),
    ...clusterFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof cleanupResult>>> {
    const { context, flags } = this;
    if (flags['all-cases'] && flags.yes && !flags.verify) {
      throw new ExhibitError(
        'USAGE_INVALID',
        '--all-cases cannot be answered with --yes: it ends collections elsewhere',
        {
          hints: ['exhibit cleanup --all-cases --verify', 'exhibit cleanup --all-cases'],
          safe: 'Nothing was changed.',
        },
      );
    }
    const caseToken = flags['all-cases'] ? null : await context.caseId();
    const record =
      flags.verify || caseToken === null
        ? forgetfulRecord()
        : await openCleanupRecord(await context.store(), caseToken);
    try {
      const summary = await this.#clean(caseToken, record);
      const notice = cleanupNotice(summary);
      return { result: summary, text: presentCleanup(summary), ...(notice === null ? {} : { notice }) };
    } finally {
      await record.close();
    }
  }

  async #clean(caseToken: string | null, record: CleanupRecord): Promise<CleanupSummary> {
    const { context, flags } = this;
    const target = context.clusterTarget(flags);
    const tools = flags.local ? null : await context.clusterTools(target, caseToken ?? 'cleanup', record.requests);
    const { casesDirectory } = context.locations;
    const look = {
      reader: tools?.reader ?? null,
      mounts: await context.imageMounts(),
      onNodes: await leftOnNodes(await context.store(), { casesDirectory, caseId: caseToken }),
      journals: await heldByJournals(await context.store(), { casesDirectory, caseId: caseToken }),
      signal: context.signal,
    };
    const seen = await verifyCleanup({ caseToken }, look);
    if (flags.verify || seen.found.length + seen.mounts.found.length === 0) return seen;
    const deps = { ...look, actuator: tools?.actuator ?? null, record: record.changes, clock: context.clock };
    if (seen.found.length > 0) await this.#confirm(seen, caseToken);
    return await cleanup({ caseToken }, seen, deps);
  }

  async #confirm({ found, server }: CleanupSummary, caseToken: string | null): Promise<void> {
    for (const object of found.slice(0, MAX_SAID)) {
      this.io.emit('CLEANUP_FOUND', `${nameOf(object)}, made for case ${object.caseToken} at ${object.createdAt}`);
    }
    const question = `${String(found.length)} objects are removed from ${server ?? ''}.`;
    await confirmByTyping({ question, word: caseToken ?? 'all-cases' }, this.answers);
  }
}
