import { Flags } from '@oclif/core';
import type { z } from 'zod';
import { BaseCommand } from '../../cli/base-command.js';
import { describe } from '../../cli/exit-codes-help.js';
import { DEFAULT_KEY, keyPathOf } from '../../cli/key-reference.js';
import type { CommandOutcome } from '../../cli/outcome.js';
import { newPassphrase } from '../../cli/passphrase-source.js';
import type { keyNewResult } from '../../cli/results/key-results.js';
import { passphraseFlags } from '../../cli/signing-flags.js';
import { renderFacts } from '../../cli/table.js';
import { principalFrom, trustSigner } from '../../cli/trust-list.js';
import { assertNoKey, createLocalKey } from '../../evidence/local-signer.js';

export default class KeyNew extends BaseCommand<typeof KeyNew> {
  static override summary = 'Make a signing key and trust it on this machine.';

  static override description = describe(
    `An ed25519 key in OpenSSH's format, readable by you alone, and encrypted where you give a passphrase: at the terminal (--passphrase)
or on a file descriptor, never as an argument or a variable. Its public half is added to your list of trusted
signers, so that verify on this machine knows it; others need the fingerprint from you on a way that is not the archive's.`,
    ['KEY_INVALID', 'DECLINED', 'STORAGE_FAILED'],
  );

  static override examples = [
    '<%= config.bin %> key new --passphrase',
    '<%= config.bin %> key new --name team-red --principal red@example.org',
    '<%= config.bin %> key new --passphrase-fd 3 3</run/secrets/evidence-key',
  ];

  static override flags = {
    name: Flags.string({ helpValue: 'NAME', default: DEFAULT_KEY, summary: 'Name of the key file.' }),
    principal: Flags.string({
      helpValue: 'WHO',
      summary: 'Who signs with it, as verify shows it (default: user@host).',
    }),
    passphrase: Flags.boolean({ default: false, summary: 'Ask for a passphrase, twice, and encrypt the key with it.' }),
    ...passphraseFlags,
  };

  protected override async execute(): Promise<CommandOutcome<z.infer<typeof keyNewResult>>> {
    const { keysDirectory, allowedSignersFile } = this.context.locations;
    const path = keyPathOf(keysDirectory, this.flags.name, this.environment.workingDirectory);
    const principal = this.flags.principal ?? principalFrom(this.environment.osUser, this.environment.host);
    const passphrase = await this.#passphrase(path);
    const key = await createLocalKey({ privatePath: path, comment: principal, passphrase });
    passphrase?.fill(0);
    await trustSigner(allowedSignersFile, { principal, publicKey: key.publicKey });
    this.io.emit('KEY_CREATED', `key ${this.flags.name} was made and is trusted on this machine`);
    const { fingerprint, publicKey } = key;
    return {
      result: {
        name: this.flags.name,
        path,
        fingerprint,
        publicKey,
        passphrase: passphrase !== null,
        principal,
        allowedSigners: allowedSignersFile,
      },
      text: renderFacts([
        ['fingerprint', fingerprint],
        ['principal', principal],
        ['private key', path],
        ['passphrase', passphrase === null ? 'none' : 'yes'],
        ['trusted in', allowedSignersFile],
      ]),
    };
  }

  async #passphrase(path: string): Promise<Buffer | null> {
    const descriptor = this.flags['passphrase-fd'];
    if (descriptor === undefined && !this.flags.passphrase) return null;
    await assertNoKey(path);
    return await newPassphrase(this.context.passphrases(descriptor), `the new key ${path}`);
  }
}
