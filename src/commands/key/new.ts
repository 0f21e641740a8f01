import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { DEFAULT_KEY, keyPathOf } from '../../cli/key-ring.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import type { keyNewResult } from '../../cli/results/key-results.js';
import { renderFacts } from '../../cli/table.js';
import { principalFrom, trustSigner } from '../../cli/trust-list.js';
import { createLocalKey } from '../../evidence/local-signer.js';

export default class KeyNew extends BaseCommand<typeof KeyNew> {
  static override summary = 'Make a signing key and trust it on this machine.';

  static override description = describe(
    `An ed25519 key in OpenSSH's format, without a passphrase, readable by you alone. Its public half is added to your list of trusted
signers, so that verify on this machine knows it; others need the fingerprint from you on a way that is not the archive's.`,
    ['KEY_INVALID', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> key new',
    '<%= config.bin %> key new --name team-red --principal red@example.org',
  ];

  static override flags = {
    name: Flags.string({ helpValue: 'NAME', default: DEFAULT_KEY, summary: 'Name of the key file.' }),
    principal: Flags.string({
      helpValue: 'WHO',
      summary: 'Who signs with it, as verify shows it (default: user@host).',
    }),
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof keyNewResult>>> {
    const { keysDirectory, allowedSignersFile } = this.context.locations;
    const path = keyPathOf(keysDirectory, this.flags.name, this.environment.workingDirectory);
    const principal = this.flags.principal ?? principalFrom(this.environment.osUser, this.environment.host);
    const key = await createLocalKey({ privatePath: path, comment: principal });
    await trustSigner(allowedSignersFile, { principal, publicKey: key.publicKey });
    this.io.emit('KEY_CREATED', `key ${this.flags.name} was made and is trusted on this machine`);
    const { fingerprint, publicKey } = key;
    return {
      result: { name: this.flags.name, path, fingerprint, publicKey, principal, allowedSigners: allowedSignersFile },
      text: renderFacts([
        ['fingerprint', fingerprint],
        ['principal', principal],
        ['private key', path],
        ['trusted in', allowedSignersFile],
      ]),
    };
  }
}
