import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { archivePathOf } from '../cli/archive-argument.js';
import { BaseCommand } from '../cli/base-command.js';
import { confirm } from '../cli/confirm.js';
import { lockFlags, lockOf, openDestination, storeFlags } from '../cli/destination-flags.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentPush } from '../cli/present-destination.js';
import type { pushAbortResult, pushResult } from '../cli/results/destination-results.js';
import { signingFlags } from '../cli/signing-flags.js';
import { shellWord } from '../lib/shell-word.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { VERDICTS } from '../model/verdict.js';
import { abandonPush, push } from '../workflows/push.js';

type Result = z.infer<typeof pushResult> | z.infer<typeof pushAbortResult>;

export default class Push extends BaseCommand<typeof Push> {
  static override summary = 'Copy a sealed archive to a bucket or a directory, and make sure of the copy.';

  static override description = describe(
    `Verifies the local archive, sends it with its custody record, reads it back and records the copy. Nothing is overwritten. An upload
that ended early goes on where it stopped when the same command is given again; --abort removes it instead. An archive with secret items
leaves the machine encrypted, or with --plaintext.`,
    [
      ...(['DESTINATION_INVALID', 'KEY_INVALID', 'VERIFY_FAILED', 'SOURCE_CHANGED', 'DECLINED'] as const),
      ...(['PLAINTEXT_REFUSED', 'DESTINATION_OCCUPIED', 'DESTINATION_DENIED', 'DESTINATION_UNREACHABLE'] as const),
      ...(['DESTINATION_FAILED', 'DESTINATION_MISMATCH', 'DESTINATION_NOT_LOCKED', 'STORAGE_FULL'] as const),
      ...(['STORAGE_FAILED', 'INTERRUPTED'] as const),
    ],
  );

  static override examples = [
    '<%= config.bin %> push k7m2p9-x0001 s3://evidence-vault/2026',
    '<%= config.bin %> push k7m2p9-x0001.tar.gz.age s3://vault/case-12 --object-lock governance --retain-until 2031-12-31',
    '<%= config.bin %> push k7m2p9-x0001 /media/evidence --with-receipt --no-custody',
    '<%= config.bin %> push k7m2p9-x0001 s3://evidence-vault/2026 --abort',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed archive, or its exhibit id.' }),
    destination: Args.string({ required: true, ignoreStdin: true, description: 's3://BUCKET/PREFIX or a directory.' }),
  };

  static override flags = {
    'with-receipt': Flags.boolean({
      default: false,
      summary: 'Send the receipt, too; it protects only elsewhere than the archive.',
    }),
    'plaintext': Flags.boolean({
      default: false,
      summary: 'Send an archive that is not encrypted although it holds secrets.',
    }),
    ...lockFlags,
    'no-read-back': Flags.boolean({ default: false, summary: 'Believe the store without reading the copy again.' }),
    'no-custody': Flags.boolean({ default: false, summary: 'Write no custody event of the copy.' }),
    'abort': Flags.boolean({ default: false, summary: 'Remove what unfinished pushes of this archive left there.' }),
    'accept': Flags.option({ options: VERDICTS, multiple: false })({
      summary: 'Go on although the verdict is this one.',
    }),
    ...storeFlags,
    ...signingFlags,
    ...verifyFlags,
  };

  protected override goOn(): string {
    return ['exhibit push', ...this.argv.map(shellWord)].join(' ');
  }

  protected override async execute(): Promise<CommandOutcome<Result>> {
    const { context, flags } = this;
    const archivePath = archivePathOf(context, this.args.archive);
    const destination = await openDestination(context, this.args.destination, flags);
    if (flags.abort) {
      const removed = await abandonPush(archivePath, destination);
      const result = { archive: archivePath, destination: destination.location, removed };
      return { result, shape: 'push:abort', text: `${String(removed)} unfinished copies were removed.` };
    }
    const lock = lockOf(flags, context.clock.nowMs());
    if (lock.retention?.mode === 'compliance')
      await confirm(`Nobody will be able to remove this copy before ${lock.retention.untilAt}. Go on?`, this.answers);
    const summary = await push(
      {
        archive: await verifyRequestOf(context, archivePath, flags),
        accepted: flags.accept ?? null,
        isPlaintextAllowed: flags.plaintext,
        lock,
        isReadBack: !flags['no-read-back'],
        withReceipt: flags['with-receipt'],
      },
      {
        destination,
        signer: flags['no-custody']
          ? null
          : await context.signer(flags.key, context.passphrases(flags['passphrase-fd'])),
        clock: context.clock,
        io: this.io,
        scratchDirectory: context.scratchDirectory,
        signal: context.signal,
      },
    );
    return { result: summary, text: presentPush(summary) };
  }
}
