import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentExtract } from '../cli/present-extract.js';
import type { extractResult } from '../cli/results/custody-results.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { VERDICTS } from '../model/verdict.js';
import { extract } from '../workflows/extract.js';

export default class Extract extends BaseCommand<typeof Extract> {
  static override summary = 'Verify an archive, then take its files out into a new folder.';

  static override description = describe(
    `Writes only inside the new folder, never through a link, nothing executable, for you alone. What it wrote is what it verified: the
archive is hashed again while it is unpacked, and every file is read back from the disk and compared with the manifests. Until then the
folder is called FOLDER.partial. Contents of evidence are hostile: look at them where they can do no harm.

Anything but VERIFIED and VERIFIED_PARTIAL is refused, unless --accept names the verdict.`,
    ['VERIFY_FAILED', 'SEAL_HASH_MISMATCH', 'KEY_INVALID', 'STORAGE_FULL', 'STORAGE_FAILED', 'INTERRUPTED'],
  );

  static override examples = [
    '<%= config.bin %> extract k7m2p9-x0001.tar.gz --output evidence',
    '<%= config.bin %> extract k7m2p9-x0001.tar.gz --output shop --path data/pods/shop --path data/nodes',
    '<%= config.bin %> extract k7m2p9-x0001.tar.gz --output quarantine --accept UNTRUSTED_SIGNER',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The .tar.gz that seal wrote.' }),
  };

  static override flags = {
    output: Flags.string({
      required: true,
      helpValue: 'FOLDER',
      summary: 'Folder to make; must not be there, or be empty.',
    }),
    path: Flags.string({
      helpValue: 'PREFIX',
      multiple: true,
      multipleNonGreedy: true,
      summary: 'Payload to take, as data/pods/shop; repeatable. What says what it is always comes along.',
    }),
    accept: Flags.option({ options: VERDICTS, multiple: false })({
      summary: 'Go on although the verdict is this one.',
    }),
    ...verifyFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof extractResult>>> {
    const { context, flags } = this;
    const summary = await extract(
      {
        archive: await verifyRequestOf(context, this.args.archive, flags),
        outputPath: flags.output,
        paths: flags.path ?? [],
        accepted: flags.accept ?? null,
      },
      { clock: context.clock, scratchDirectory: context.scratchDirectory, signal: context.signal },
    );
    return { result: summary, text: presentExtract(summary, this.environment.columns) };
  }
}
