import { Args } from '@oclif/core';
import type { z } from 'zod';
import { identityFlags, withArchiveKey } from '../../cli/archive-key.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { presentRetimestamp } from '../../cli/present-retimestamp.js';
import type { retimestampResult } from '../../cli/results/timestamp-results.js';
import { signingFlags } from '../../cli/signing-flags.js';
import { timestampersOf, tsaFlags } from '../../cli/timestampers.js';
import { verifyFlags, verifyRequestOf } from '../../cli/verify-flags.js';
import { ExhibitError } from '../../model/errors.js';
import { retimestamp } from '../../workflows/custody-retimestamp.js';

export default class CustodyRetimestamp extends BaseCommand<typeof CustodyRetimestamp> {
  static override summary = 'Get a time-stamp for a sealed archive, or a further one before the last ages.';

  static override description = describe(
    `The archive never changes: the token lies in a signed event of EXHIBIT.custody beside it, where verify reads it. It is over the first
signature and every token before it, so that it vouches for those when their certificates or algorithms have aged. The authority is sent
a SHA-256 and nothing else.`,
    [
      'TIMESTAMP_FAILED',
      'VERIFY_FAILED',
      'CUSTODY_BROKEN',
      'KEY_INVALID',
      'AGE_KEY_INVALID',
      'DECRYPT_FAILED',
      'CASE_LOCKED',
      'STORAGE_FAILED',
    ],
  );

  static override examples = [
    '<%= config.bin %> custody retimestamp k7m2p9-x0001.tar.gz --tsa https://tsa.example/tsr',
    '<%= config.bin %> custody retimestamp k7m2p9-x0001.tar.gz --tsa https://tsa.example/tsr --tsa https://other.example/tsr',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed .tar.gz or .tar.gz.age.' }),
  };

  static override flags = { ...identityFlags, ...tsaFlags, ...signingFlags, ...verifyFlags };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof retimestampResult>>> {
    const { context, flags } = this;
    const timestampers = await timestampersOf(context, flags.tsa);
    if (timestampers.length === 0)
      throw new ExhibitError('USAGE_INVALID', 'no time-stamping authority was named', {
        hints: ['exhibit custody retimestamp ARCHIVE --tsa URL'],
      });
    const signer = await context.signer(flags.key, context.passphrases(flags['passphrase-fd']));
    const request = await verifyRequestOf(context, this.args.archive, flags);
    const summary = await withArchiveKey(
      context,
      { archivePath: request.archivePath, flags },
      async (open) =>
        await retimestamp(
          { ...request, open },
          {
            timestampers,
            signer,
            clock: context.clock,
            scratchDirectory: context.scratchDirectory,
            signal: context.signal,
          },
        ),
    );
    return { result: summary, text: presentRetimestamp(summary) };
  }
}
