import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentDecrypt } from '../cli/present-encryption.js';
import type { decryptResult } from '../cli/results/encryption-results.js';
import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import { decrypt } from '../workflows/decrypt.js';

const SUFFIX = '.age';

export default class Decrypt extends BaseCommand<typeof Decrypt> {
  static override summary =
    'Decrypt an archive that seal encrypted; it gets its name only when all of it is authentic.';

  static override description = describe(
    `The plaintext is written to OUTPUT.partial, for you alone, and renamed after its last chunk was authenticated; when anything is
wrong, nothing is left. Where the receipt is given or stands beside the file, both digests are compared with it.
Anybody can encrypt to a recipient: decrypting proves nothing about who sealed the archive. That is verify.

Identities are files as age has them: AGE-SECRET-KEY lines, such a file encrypted with a passphrase, or a private ssh key (needs the
program age). A file that was encrypted with a passphrase needs none: it is asked for.`,
    ['USAGE_INVALID', 'AGE_KEY_INVALID', 'DECRYPT_FAILED', 'DECLINED', 'STORAGE_FULL', 'STORAGE_FAILED', 'INTERRUPTED'],
  );

  static override examples = [
    '<%= config.bin %> decrypt k7m2p9-x0001.tar.gz.age --identity legal.txt',
    '<%= config.bin %> decrypt k7m2p9-x0001.tar.gz.age --identity legal.txt --receipt k7m2p9-x0001.receipt.json --output /mnt/case/k7m2p9-x0001.tar.gz',
  ];

  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: 'The .tar.gz.age that seal wrote.' }),
  };

  static override flags = {
    'identity': Flags.string({
      char: 'i',
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
      summary: 'File with a private key; repeatable, each is tried.',
    }),
    'output': Flags.string({ helpValue: 'FILE', summary: 'Where the archive goes (default: the name without .age).' }),
    'receipt': Flags.string({ helpValue: 'FILE', summary: 'Receipt (default: the one beside the file, if any).' }),
    'passphrase-fd': Flags.string({ helpValue: 'N', summary: 'File descriptor that passphrases are read from.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof decryptResult>>> {
    const { context, flags } = this;
    const summary = await decrypt(
      {
        archive: this.args.file,
        output: this.#output(),
        identityPaths: (flags.identity ?? []).map((path) => resolve(this.environment.workingDirectory, path)),
        receiptPath: flags.receipt ?? null,
      },
      {
        passphrases: context.passphrases(flags['passphrase-fd']),
        program: { variables: this.environment.variables },
        io: this.io,
        signal: context.signal,
      },
    );
    return { result: summary, text: presentDecrypt(summary) };
  }

  #output(): string {
    const { file } = this.args;
    if (this.flags.output !== undefined) return this.flags.output;
    if (file.endsWith(SUFFIX) && file.length > SUFFIX.length) return file.slice(0, -SUFFIX.length);
    throw new ExhibitError('USAGE_INVALID', 'The name does not end in .age: say where the archive goes.', {
      subject: file,
      hints: [`exhibit decrypt ${shellWord(file)} --output FILE`],
    });
  }
}
