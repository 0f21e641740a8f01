import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { openDestination, storeFlags } from '../cli/destination-flags.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentPull } from '../cli/present-destination.js';
import { pullNotice } from '../cli/pull-notice.js';
import { parseBytes } from '../cli/quantities.js';
import type { pullResult } from '../cli/results/destination-results.js';
import { shellWord } from '../lib/shell-word.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { pull } from '../workflows/pull.js';

export default class Pull extends BaseCommand<typeof Pull> {
  static override summary = 'Fetch an archive from a bucket or a directory, and verify it.';

  static override description = describe(
    `Compares the bytes with the digest that the store keeps and with the receipt, gives the file its name only then, and verifies it.
Nothing is overwritten. Give --receipt: whoever may write to the store can replace an archive together with its digest. Of an encrypted
archive nothing inside can be checked here: without --receipt it is fetched and the exit code is 3.`,
    [
      ...([
        'DESTINATION_INVALID',
        'KEY_INVALID',
        'PULL_UNCOMPARED',
        'VERIFY_FAILED',
        'TOO_LARGE',
        'DESTINATION_OCCUPIED',
      ] as const),
      ...(['DESTINATION_DENIED', 'DESTINATION_UNREACHABLE', 'DESTINATION_FAILED', 'DESTINATION_MISMATCH'] as const),
      ...(['STORAGE_FULL', 'STORAGE_FAILED', 'INTERRUPTED'] as const),
    ],
  );

  static override examples = [
    '<%= config.bin %> pull s3://evidence-vault/2026/k7m2p9-x0001.tar.gz --output incoming',
    '<%= config.bin %> pull /media/evidence/k7m2p9-x0001.tar.gz --output incoming --receipt k7m2p9-x0001.receipt.json',
    '<%= config.bin %> pull s3://evidence-vault/2026/k7m2p9-x0001.tar.gz --output incoming --max-bytes 20Gi',
  ];

  static override args = {
    source: Args.string({ required: true, ignoreStdin: true, description: 's3://BUCKET/KEY or a file.' }),
  };

  static override flags = {
    'output': Flags.string({
      required: true,
      helpValue: 'FOLDER',
      summary: 'Folder for the archive; made when missing.',
    }),
    'max-bytes': Flags.string({ helpValue: 'SIZE', summary: 'Refuse anything larger: 500, 64k, 10Mi, 2G.' }),
    ...storeFlags,
    ...verifyFlags,
  };

  protected override goOn(): string {
    return ['exhibit pull', ...this.argv.map(shellWord)].join(' ');
  }

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof pullResult>>> {
    const { context, flags } = this;
    const at = this.args.source.lastIndexOf('/');
    const { archivePath: name, ...request } = await verifyRequestOf(context, this.args.source.slice(at + 1), flags);
    const summary = await pull(
      {
        name,
        outputDirectory: flags.output,
        maxBytes: flags['max-bytes'] === undefined ? null : parseBytes(flags['max-bytes']),
        verify: request,
      },
      {
        source: await openDestination(context, at < 0 ? '.' : this.args.source.slice(0, at + 1), flags),
        clock: context.clock,
        io: this.io,
        scratchDirectory: context.scratchDirectory,
      },
    );
    const notice = pullNotice(summary);
    return {
      result: summary,
      text: presentPull(summary, this.environment.columns),
      ...(notice === null ? {} : { notice }),
    };
  }
}
