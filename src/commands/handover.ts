import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { archivePathOf } from '../cli/archive-argument.js';
import { BaseCommand } from '../cli/base-command.js';
import { describe } from '../cli/exit-codes-help.js';
import { readLegalTemplates, readVerifyPage } from '../cli/legal-templates.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { presentHandover } from '../cli/present-handover.js';
import type { handoverResult } from '../cli/results/handover-result.js';
import { signingFlags } from '../cli/signing-flags.js';
import { verifyFlags, verifyRequestOf } from '../cli/verify-flags.js';
import { caseLayout, readCaseFile } from '../evidence/case-file.js';
import { VERDICTS } from '../model/verdict.js';
import { handover } from '../workflows/handover.js';

export default class Handover extends BaseCommand<typeof Handover> {
  static override summary = 'Make a package for legal: archive, receipt, custody record, drafts, ways to check.';

  static override description = describe(
    `Verifies the archive, copies it with its receipt and custody record into a new folder, writes documents for people who do not know this
program, and packs all of it into a ZIP beside the folder. The custody record gets a signed event first: transfer-out with --recipient,
else copy. The drafts are no legal advice, and nothing in them says that evidence is admissible.

Refused: files marked secret in the clear, unless --plaintext is typed; any verdict but VERIFIED and VERIFIED_PARTIAL, unless --accept
names it. An encrypted archive is decrypted for the check only, and is handed over encrypted.`,
    [
      'VERIFY_FAILED',
      'DECRYPT_FAILED',
      'CUSTODY_BROKEN',
      'PLAINTEXT_REFUSED',
      'KEY_INVALID',
      'CASE_LOCKED',
      'STORAGE_FULL',
      'STORAGE_FAILED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> handover k7m2p9-x0001 --to legal --recipient "Doe LLP, J. Doe" --output /media/usb',
    '<%= config.bin %> handover k7m2p9-x0001.tar.gz --to legal --receipt receipt.json --allowed-signers trusted.txt',
    '<%= config.bin %> handover k7m2p9-x0001.tar.gz.age --to legal --identity key.txt --privilege "Attorney work product"',
  ];

  static override args = {
    archive: Args.string({ required: true, ignoreStdin: true, description: 'The sealed archive, or its exhibit id.' }),
  };

  static override flags = {
    'to': Flags.option({ options: ['legal'] as const, required: true })({ summary: 'Whom the package is made for.' }),
    'output': Flags.string({ helpValue: 'FOLDER', summary: 'Folder to make the package in (default: this one).' }),
    'from': Flags.string({ helpValue: 'WHO', summary: 'Who hands over (default: user@host).' }),
    'recipient': Flags.string({ helpValue: 'WHO', summary: 'Who takes over; makes the event a transfer-out.' }),
    'purpose': Flags.string({ helpValue: 'TEXT', summary: 'What for, as the custody record says it.' }),
    'privilege': Flags.string({ helpValue: 'TEXT', summary: 'Marking of every document (default: that of the case).' }),
    'name-case': Flags.boolean({ default: false, summary: 'Print your reference and reason of the case, too.' }),
    'identity': Flags.string({
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
      summary: 'age identity that opens an encrypted archive for the check; repeatable.',
    }),
    'plaintext': Flags.boolean({
      default: false,
      summary: 'Hand over files marked secret although nothing is encrypted.',
    }),
    'accept': Flags.option({ options: VERDICTS, multiple: false })({
      summary: 'Go on although the verdict is this one.',
    }),
    'no-custody': Flags.boolean({ default: false, summary: 'Write no custody event; no key is needed then.' }),
    ...signingFlags,
    ...verifyFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof handoverResult>>> {
    const { context, flags, environment } = this;
    const { casesDirectory } = context.locations;
    const { user, host } = context.os;
    const passphrases = context.passphrases(flags['passphrase-fd']);
    const summary = await handover(
      {
        archive: await verifyRequestOf(context, archivePathOf(context, this.args.archive), flags),
        outputDirectory: resolve(environment.workingDirectory, flags.output ?? '.'),
        identityPaths: (flags.identity ?? []).map((path) => resolve(environment.workingDirectory, path)),
        plaintext: flags.plaintext,
        accepted: flags.accept ?? null,
        from: flags.from ?? null,
        recipient: flags.recipient ?? null,
        purpose: flags.purpose ?? null,
        privilege: flags.privilege ?? null,
        namesCase: flags['name-case'],
      },
      {
        clock: context.clock,
        scratchDirectory: context.scratchDirectory,
        passphrases,
        ageProgram: { variables: environment.variables, signal: context.signal },
        signal: context.signal,
        signer: flags['no-custody'] ? null : await context.signer(flags.key, passphrases),
        preparedBy: `${user}@${host}`,
        caseOf: (caseId) => readCaseFile(caseLayout(casesDirectory, caseId)),
        tool: await context.tool(),
        templates: await readLegalTemplates(context.templatesDirectory),
        verifyPage: await readVerifyPage(this.config.root),
      },
    );
    return { result: summary, text: presentHandover(summary, environment.columns) };
  }
}
