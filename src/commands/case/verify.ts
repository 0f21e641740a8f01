import { Args, Flags } from '@oclif/core';
import { existsSync } from 'node:fs';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { caseVerifyNotice, presentCaseVerify } from '../../cli/present-case-verify.js';
import type { caseVerifyResult } from '../../cli/results/archive-results.js';
import { trustFlags, tsaTrustFlags, verifyRequestOf } from '../../cli/verify-flags.js';
import { caseLayout } from '../../evidence/case-file.js';
import { verifyCase } from '../../workflows/verify-case.js';
import { verify } from '../../workflows/verify.js';

export default class CaseVerify extends BaseCommand<typeof CaseVerify> {
  static override summary = 'Check all archives of a case, and that none is missing, forked or exchanged.';

  static override description = describe(
    `Takes a folder of archives, or a case of this machine; without an argument the case in use. Each archive names the one sealed before
it and those that were opened and never sealed: a missing, exchanged or second exhibit of a number is named. An archive after the last
one is only known from a receipt that was kept elsewhere: --receipts.`,
    ['COLLECT_PARTIAL', 'VERIFY_FAILED', 'CASE_INVALID', 'KEY_INVALID', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> case verify',
    '<%= config.bin %> case verify ./handed-over --allowed-signers trusted.txt --receipts /media/usb/receipts',
  ];

  static override args = {
    case: Args.string({ ignoreStdin: true, description: 'Folder of archives, or id of a case.' }),
  };

  static override flags = {
    ...trustFlags,
    ...tsaTrustFlags,
    'receipts': Flags.string({ helpValue: 'DIR', summary: 'Receipts that were kept elsewhere since the seals.' }),
    'require-complete': Flags.boolean({ default: false, summary: 'End with 3 when a gap ledger has a gap.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof caseVerifyResult>>> {
    const { context, flags } = this;
    const summary = await verifyCase(
      { directory: await this.#directory(), receiptsDirectory: flags.receipts ?? null },
      {
        verifyOne: async (archivePath, receiptPath) => {
          const request = await verifyRequestOf(context, archivePath, { ...flags, receipt: receiptPath ?? undefined });
          return await verify(
            { ...request, requireComplete: flags['require-complete'] },
            { clock: context.clock, scratchDirectory: context.scratchDirectory },
          );
        },
      },
    );
    const notice = caseVerifyNotice(summary);
    return {
      result: summary,
      text: presentCaseVerify(summary),
      ...(notice === null ? {} : { notice }),
      exitCode: summary.exitCode,
    };
  }

  async #directory(): Promise<string> {
    const given = this.args.case;
    if (given !== undefined && (given.includes('/') || existsSync(given))) return given;
    return caseLayout(this.context.locations.casesDirectory, given ?? (await this.context.caseId())).sealed;
  }
}
