import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../cli/base-command.js';
import { encryptionAsked, encryptionFlags } from '../cli/encryption-flags.js';
import { describe } from '../cli/exit-codes-help.js';
import type { CommandOutcome } from '../cli/outcome.js';
import { namedSigners, principalOf } from '../cli/principal-of.js';
import { countersignFlags, openSigners, signingFlags } from '../cli/signing-flags.js';
import { sealNotice } from '../cli/seal-notice.js';
import { timestampersOf, tsaFlags } from '../cli/timestampers.js';
import { warnUnfinished } from '../cli/warn-unfinished.js';
import { presentEncrypted } from '../cli/present-encryption.js';
import { presentSeal } from '../cli/present-seal.js';
import type { sealResult } from '../cli/results/archive-results.js';
import type { sealEncryptResult } from '../cli/results/encryption-results.js';
import { sealAndEncrypt } from '../workflows/seal-and-encrypt.js';

export default class Seal extends BaseCommand<typeof Seal> {
  static override summary = 'Close the open exhibit: hash, sign, write the archive, read it back.';

  static override description = describe(
    `Makes one .tar.gz that anybody can check with stock tools, and a receipt. Works whatever state a crash left the exhibit in; an
interrupted collection is said, and asked about at a terminal. Send the
receipt away from this machine: it is the only defence against somebody who can seal again.

With --encrypt-to or --encrypt-passphrase the sealed archive is encrypted with age and read back; then its spool and plaintext are
removed, with a record. What a crash broke off, or an archive that was sealed in plaintext before, the next seal encrypts.`,
    [
      'KEY_INVALID',
      'PASSPHRASE_WRONG',
      'SIGNER_UNAVAILABLE',
      'CASE_INVALID',
      'NOTHING_TO_SEAL',
      'SEAL_NEEDS_ENCRYPTION',
      'AGE_KEY_INVALID',
      'COLLECT_PARTIAL',
      'SEAL_UNTIMESTAMPED',
      'SEAL_HASH_MISMATCH',
      'DECLINED',
      'STORAGE_FULL',
      'CASE_LOCKED',
      'INTERRUPTED',
    ],
  );

  static override examples = [
    '<%= config.bin %> seal',
    '<%= config.bin %> seal --key team-red --classification "TLP:AMBER"',
    '<%= config.bin %> seal --key agent:id_ed25519_sk.pub --countersign awskms:alias/evidence',
    '<%= config.bin %> seal --encrypt-to age1... --encrypt-to escrow-recipients.txt',
    '<%= config.bin %> seal --tsa https://tsa.example/tsr --tsa https://other.example/tsr',
  ];

  static override flags = {
    ...signingFlags,
    ...countersignFlags,
    ...tsaFlags,
    ...encryptionFlags,
    classification: Flags.string({ helpValue: 'TEXT', summary: 'Marking that the signed statement carries.' }),
  };

  protected override async execute(): Promise<
    CommandOutcome<z.infer<typeof sealResult> | z.infer<typeof sealEncryptResult>>
  > {
    const { context, flags } = this;
    const caseId = await context.caseId();
    const { signer, countersigners } = await openSigners(context, flags);
    await warnUnfinished(context, caseId, { caseFlag: flags.case, answers: this.answers });
    const asked = await encryptionAsked(context, flags, this.answers);
    const { sealed: summary, encrypted } = await sealAndEncrypt(
      {
        caseId,
        classification: flags.classification ?? null,
        encryption: asked.encryption,
      },
      {
        ...asked,
        store: await context.store(),
        signer,
        countersigners,
        timestampers: await timestampersOf(context, flags.tsa),
        clock: context.clock,
        io: this.io,
        sbom: await context.sbom(),
        signal: context.signal,
      },
    );
    if (summary === null) return { result: { encrypted }, shape: 'seal:encrypt', text: presentEncrypted(encrypted) };
    const notice = sealNotice(summary);
    return {
      result: summary,
      text: presentSeal(summary, {
        principal: await principalOf(context, signer.publicKey),
        countersigners: await namedSigners(context, countersigners),
        columns: this.environment.columns,
      }),
      ...(notice === null ? {} : { notice }),
    };
  }
}
