import { Args, Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { isHeldElsewhere } from '../../cli/key-reference.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { readPublicKey } from '../../cli/read-public-key.js';
import type { keyTrustResult } from '../../cli/results/key-results.js';
import { confirm } from '../../cli/confirm.js';
import { renderFacts } from '../../cli/table.js';
import { trustSigner } from '../../cli/trust-list.js';

export default class KeyTrust extends BaseCommand<typeof KeyTrust> {
  static override summary = "Trust somebody's signing key on this machine.";

  static override description = describe(
    `Adds a public key to your list of trusted signers. Compare the fingerprint with one that came another way than the archive: on the
telephone, on paper, in person. The copy inside an archive (seal/signer.pub) proves nothing about who signed.`,
    ['KEY_INVALID', 'SIGNER_UNAVAILABLE', 'DECLINED', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> key trust responder.pub --principal jane@example.org',
    'ssh-keygen -y -f KEY | <%= config.bin %> key trust - --principal jane@example.org --yes',
  ];

  static override args = {
    file: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'Public key file, - for standard input, agent:FILE.pub or awskms:ID.',
    }),
  };

  static override flags = {
    principal: Flags.string({ required: true, helpValue: 'WHO', summary: 'Who signs with it, as verify shows it.' }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof keyTrustResult>>> {
    const { allowedSignersFile } = this.context.locations;
    const { principal } = this.flags;
    const { file } = this.args;
    const key = isHeldElsewhere(file) ? await this.context.signer(file) : await readPublicKey(file);
    await confirm(`Trust ${key.fingerprint} as ${principal}?`, this.answers);
    const { fingerprint, added } = await trustSigner(allowedSignersFile, { principal, publicKey: key.publicKey });
    if (!added) this.io.emit('NOTE', 'the key was in the list already; nothing was changed');
    return {
      result: { fingerprint, principal, allowedSigners: allowedSignersFile, added },
      text: renderFacts([
        ['fingerprint', fingerprint],
        ['principal', principal],
        ['trusted in', allowedSignersFile],
      ]),
    };
  }
}
