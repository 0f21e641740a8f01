import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { gapNotice } from '../cli/gap-notice.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentSeal } from '../cli/present-seal.js';
import type { sealResult } from '../cli/results/archive-results.js';
import { seal } from '../workflows/seal.js';

export default class Seal extends BaseCommand<typeof Seal> {
  static override summary = 'Close the open exhibit: hash, sign, write the archive, read it back.';

  static override description = describe(
    `Makes one .tar.gz that anybody can check with stock tools, and a receipt. Works whatever state a crash left the exhibit in. Send the
receipt away from this machine: it is the only defence against somebody who can seal again.`,
    [
      'KEY_INVALID',
      'CASE_INVALID',
      'NOTHING_TO_SEAL',
      'COLLECT_PARTIAL',
      'SEAL_HASH_MISMATCH',
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
    const summary = await seal(
      {
        caseId: await context.caseId(),
        classification: flags.classification ?? null,
      },
      {
        store: await context.store(),
        signer: await context.signer(flags.key),
        clock: context.clock,
        io: this.io,
        sbom: await context.sbom(),
        signal: context.signal,
      },
    );
    const { completeness, outcomeCounts } = summary.statement;
    return {
      result: summary,
      text: presentSeal(summary),
      ...(completeness === 'complete'
        ? {}
        : { notice: gapNotice(outcomeCounts, `exhibit show ${summary.archivePath}`) }),
    };
  }
}
