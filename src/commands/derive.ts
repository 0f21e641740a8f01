import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentDerive } from '../cli/present-derive.js';
import { readRedactionRules } from '../cli/redaction-rules.js';
import type { deriveResult } from '../cli/results/derive-result.js';
import { untimestampedNotice } from '../cli/seal-notice.js';
import { countersignFlags, openSigners, signingFlags } from '../cli/signing-flags.js';
import { timestampersOf, tsaFlags } from '../cli/timestampers.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { VERDICTS } from '../model/verdict.js';
import { derive } from '../workflows/derive.js';

export default class Derive extends BaseCommand<typeof Derive> {
  static override summary = 'Make a redacted copy of an archive, with its own seal. The original is only read.';

  static override description = describe(
    `Verifies the archive, leaves out what the rules name, looks through the whole copy for tokens, keys and passwords, and seals it as
the next exhibit of the case (--case names another). Its statement names the original; its ledger, data/derived/redactions.jsonl, commits
to every redaction with a salt that stays beside the original. The verdict on a copy says that it is one.

Something left that looks like a secret refuses the copy; each place is told, what stands there is not. --accept-findings N goes on when
there are exactly N.`,
    [
      'REDACTION_RULES_INVALID',
      'REDACTION_UNDECIDED',
      'REDACTION_INCOMPLETE',
      'VERIFY_FAILED',
      'CASE_INVALID',
      'CASE_CLOSED',
      'KEY_INVALID',
      'SIGNER_UNAVAILABLE',
      'SEAL_UNTIMESTAMPED',
      'DESTINATION_OCCUPIED',
      'STORAGE_FULL',
      'CASE_LOCKED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> derive k7m2p9-x0001.tar.gz --redact rules.yaml',
    '<%= config.bin %> derive k7m2p9-x0001.tar.gz --redact rules.yaml --output /mnt/for-the-vendor',
    '<%= config.bin %> derive k7m2p9-x0001.tar.gz --redact rules.yaml --accept-findings 2',
    '<%= config.bin %> derive k7m2p9-x0001.tar.gz --redact rules.yaml --countersign team-red --tsa https://tsa.example/tsr',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The .tar.gz that seal wrote.' }),
  };

  static override flags = {
    'redact': Flags.string({
      required: true,
      helpValue: 'RULES',
      summary: 'Rules in YAML: what goes, and from where.',
    }),
    'output': Flags.string({
      helpValue: 'FOLDER',
      summary: 'Folder that copy and receipt are copied to (default: they stay in the case).',
    }),
    'accept-findings': Flags.integer({
      helpValue: 'N',
      min: 1,
      summary: 'Go on although N different texts of the copy look like secrets; exactly N.',
    }),
    'accept': Flags.option({ options: VERDICTS, multiple: false })({
      summary: 'Go on although the verdict on the original is this one; never for TAMPERED or UNDETERMINED.',
    }),
    'no-custody': Flags.boolean({ default: false, summary: 'Write no custody event of the copy beside the parent.' }),
    ...signingFlags,
    ...countersignFlags,
    ...tsaFlags,
    ...verifyFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof deriveResult>>> {
    const { context, flags } = this;
    const rules = await readRedactionRules(flags.redact);
    const { signer, countersigners } = await openSigners(context, flags);
    const summary = await derive(
      {
        parent: await verifyRequestOf(context, this.args.archive, flags),
        rules,
        accepted: flags.accept ?? null,
        acceptedFindings: flags['accept-findings'] ?? null,
        caseId: flags.case ?? null,
        outputDirectory: flags.output ?? null,
        isRecorded: !flags['no-custody'],
      },
      {
        store: await context.store(),
        signer,
        countersigners,
        timestampers: await timestampersOf(context, flags.tsa),
        tool: await context.tool(),
        os: context.os,
        sbom: await context.sbom(),
        clock: context.clock,
        io: this.io,
        signal: context.signal,
        scratchDirectory: context.scratchDirectory,
      },
    );
    const notice = untimestampedNotice(summary);
    return {
      result: summary,
      text: presentDerive(summary, this.environment.columns),
      ...(notice === null ? {} : { notice }),
    };
  }
}
