import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { custodyNotice, custodyVerifyOf, presentCustodyVerify } from '../../cli/present-custody.js';
import type { custodyVerifyResult } from '../../cli/results/custody-results.js';
import { trustFlags, verifyFlags } from '../../cli/verify-flags.js';
import { readCustodyRecord } from '../../workflows/custody-record.js';

export default class CustodyVerify extends BaseCommand<typeof CustodyVerify> {
  static override summary = 'Check the custody record beside an archive, event by event.';

  static override description = describe(
    `Numbers, chain, signatures, the digest of the archive, pairs of transfers; the first event that is broken, forked, out of order,
missing or unsigned has a name. A removed last event leaves no trace in the folder: compare with the copy that the other party kept.
Whether the archive itself verifies is the question of verify.`,
    ['CUSTODY_OPEN', 'CUSTODY_UNPROVEN', 'CUSTODY_BROKEN', 'VERIFY_FAILED', 'KEY_INVALID', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> custody verify k7m2p9-x0001.tar.gz --allowed-signers trusted.txt',
    '<%= config.bin %> custody verify k7m2p9-x0001.tar.gz --compare /media/theirs/k7m2p9-x0001.custody',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed .tar.gz or .tar.gz.age.' }),
  };

  static override flags = {
    compare: Flags.string({ helpValue: 'FOLDER', summary: 'The custody folder that the other party kept.' }),
    ...trustFlags,
    receipt: verifyFlags.receipt,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof custodyVerifyResult>>> {
    const { context, flags } = this;
    const { archive } = this.args;
    const read = await readCustodyRecord(
      {
        archivePath: archive,
        receiptPath: flags.receipt ?? null,
        allowedSigners: await context.trustList(flags['allowed-signers'], flags.revoked),
        comparePath: flags.compare ?? null,
      },
      { clock: context.clock },
    );
    const result = custodyVerifyOf(archive, read);
    const notice = custodyNotice(result);
    return {
      result,
      text: presentCustodyVerify(result, this.environment.columns),
      ...(notice === null ? {} : { notice }),
      exitCode: result.exitCode,
    };
  }
}
