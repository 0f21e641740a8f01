import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { identityFlags, withArchiveKey } from '../cli/archive-key.js';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentReport, verdictNotice } from '../cli/present-report.js';
import { presentExternalReports } from '../cli/present-external.js';
import type { verifyWithExternalResult } from '../cli/results/archive-results.js';
import { externalReports, externalNotice } from '../cli/verify-outside.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { verify } from '../workflows/verify.js';

export default class Verify extends BaseCommand<typeof Verify> {
  static override summary = 'Check an archive, without unpacking it and without a network.';

  static override description = describe(
    `Container, file set, hashes, counts, custody chain, statement, signature, and the receipt where one is given. Signers are trusted
from --allowed-signers, else EXHIBIT_ALLOWED_SIGNERS, else your own list (key trust); never from inside the archive. A time-stamp is
checked against the roots of --tsa-ca, at its own time; one that was got later is read from the custody folder beside the archive.

An encrypted archive (.tar.gz.age) is decrypted while it is read, with --identity or its passphrase; nothing of it is written to a disk,
unless the key is one that only the program age can use. The verdict says whether the age file itself is the one of the receipt.

--external, and nothing else here, asks the network: each snapshot that the archive names is compared with what the cloud has now. One that is
gone or changed ends with 4, one that cannot be looked at is unknown, and the verdict on the archive stays what it is.

Exit 0 means VERIFIED or VERIFIED_PARTIAL; with --require-complete a gap makes it 3.`,
    [
      'COLLECT_PARTIAL',
      'VERIFY_FAILED',
      'KEY_INVALID',
      'AGE_KEY_INVALID',
      'DECRYPT_FAILED',
      'DECLINED',
      'STORAGE_FAILED',
    ],
  );

  static override examples = [
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz',
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz --allowed-signers trusted.txt --receipt k7m2p9-x0001.receipt.json',
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz --tsa-ca tsa-root.pem',
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz.age --identity legal.txt --receipt k7m2p9-x0001.receipt.json',
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz --require-complete --json',
    '<%= config.bin %> verify k7m2p9-x0001.tar.gz --external',
  ];

  static override args = {
    archive: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'The .tar.gz or .tar.gz.age that seal wrote.',
    }),
  };

  static override flags = {
    ...verifyFlags,
    ...identityFlags,
    'external': Flags.boolean({
      default: false,
      summary: 'Also look, in the cloud, at the snapshots that the archive names; needs its credentials.',
    }),
    'require-complete': Flags.boolean({ default: false, summary: 'End with 3 when the gap ledger has a gap.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof verifyWithExternalResult>>> {
    const { context, flags } = this;
    const request = await verifyRequestOf(context, this.args.archive, flags);
    const report = await withArchiveKey(
      context,
      { archivePath: request.archivePath, flags },
      async (open) =>
        await verify(
          { ...request, open, requireComplete: flags['require-complete'] },
          { clock: context.clock, scratchDirectory: context.scratchDirectory },
        ),
    );
    const external = flags.external
      ? await externalReports(context, { archivePath: request.archivePath, flags })
      : null;
    const notice = verdictNotice(report) ?? externalNotice(report.archive, external ?? []);
    const text = presentReport(report, this.environment.columns);
    return {
      result: external === null ? report : { ...report, external },
      text: external === null ? text : `${text}\n\n${presentExternalReports(external)}`,
      ...(notice === null ? {} : { notice }),
      exitCode: report.exitCode,
    };
  }
}
