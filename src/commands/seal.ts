import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { gapNotice } from '../cli/gap-notice.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { gapsOf } from '../cli/gaps-of.js';
import { principalOf } from '../cli/principal-of.js';
import { shellWord } from '../cli/table.js';
import { warnUnfinished } from '../cli/warn-unfinished.js';
import { presentSeal } from '../cli/present-seal.js';
import type { sealResult } from '../cli/results/archive-results.js';
import { seal } from '../workflows/seal.js';

export default class Seal extends BaseCommand<typeof Seal> {
  static override summary = 'Close the open exhibit: hash, sign, write the archive, read it back.';

  static override description = describe(
    `Makes one .tar.gz that anybody can check with stock tools, and a receipt. Works whatever state a crash left the exhibit in; an
interrupted collection is said, and asked about at a terminal. Send the
receipt away from this machine: it is the only defence against somebody who can seal again.`,
    [
      'KEY_INVALID',
      'CASE_INVALID',
      'NOTHING_TO_SEAL',
      'COLLECT_PARTIAL',
      'SEAL_HASH_MISMATCH',
      'DECLINED',
      'STORAGE_FULL',
      'CASE_LOCKED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> seal',
    '<%= config.bin %> seal --key team-red --classification "TLP:AMBER"',
  ];

  static override flags = {
    key: Flags.string({ helpValue: 'NAME|FILE', summary: 'Signing key (EXHIBIT_KEY; default: default).' }),
    classification: Flags.string({ helpValue: 'TEXT', summary: 'Marking that the signed statement carries.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof sealResult>>> {
    const { context, flags } = this;
    const caseId = await context.caseId();
    const signer = await context.signer(flags.key);
    await warnUnfinished(context, caseId, { caseFlag: flags.case, answers: this.answers });
    const summary = await seal(
      {
        caseId,
        classification: flags.classification ?? null,
      },
      {
        store: await context.store(),
        signer,
        countersigners: [],
        clock: context.clock,
        io: this.io,
        sbom: await context.sbom(),
        signal: context.signal,
      },
    );
    const { completeness, outcomeCounts } = summary.statement;
    return {
      result: summary,
      text: presentSeal(summary, {
        principal: await principalOf(context, signer.publicKey),
        columns: this.environment.columns,
      }),
      ...(completeness === 'complete'
        ? {}
        : {
            notice: gapNotice({
              outcomes: outcomeCounts,
              gapsTotal: gapsOf(summary.report),
              hints: [`exhibit show ${shellWord(summary.archivePath)}`],
            }),
          }),
    };
  }
}
