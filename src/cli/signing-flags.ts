import { Flags } from '@oclif/core';
import type { Context } from './context.js';
import { MAX_SIGNERS } from '../evidence/bag-layout.js';
import { ExhibitError } from '../model/errors.js';
import type { Signer } from '../ports/signer.js';

export const passphraseFlags = {
  'passphrase-fd': Flags.string({
    helpValue: 'N',
    summary: 'File descriptor that passphrases of keys are read from, one a line, in the order of the keys.',
  }),
};

/** For commands that sign. */
export const signingFlags = {
  key: Flags.string({
    helpValue: 'KEY',
    summary: 'Signing key: NAME, FILE, agent:FILE.pub or awskms:ID (EXHIBIT_KEY; default: default).',
  }),
  ...passphraseFlags,
};

/** For commands that seal. */
export const countersignFlags = {
  countersign: Flags.string({
    helpValue: 'KEY',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Further signing key, whose signature the seal then requires; repeatable.',
  }),
};

export interface SigningFlagValues {
  readonly 'key': string | undefined;
  readonly 'countersign': readonly string[] | undefined;
  readonly 'passphrase-fd': string | undefined;
}

/** Opens the keys of a seal in their order; what they ask is asked before any work begins. Throws `USAGE_INVALID` for one key twice. */
export async function openSigners(
  context: Context,
  flags: SigningFlagValues,
): Promise<{ readonly signer: Signer; readonly countersigners: readonly Signer[] }> {
  const others = flags.countersign ?? [];
  if (others.length >= MAX_SIGNERS)
    throw new ExhibitError('USAGE_INVALID', `an archive carries at most ${String(MAX_SIGNERS)} signatures`);
  const passphrases = context.passphrases(flags['passphrase-fd']);
  const signer = await context.signer(flags.key, passphrases);
  const seen = new Set([signer.fingerprint]);
  const countersigners: Signer[] = [];
  for (const reference of others) {
    const countersigner = await context.signer(reference, passphrases);
    if (seen.has(countersigner.fingerprint)) {
      throw new ExhibitError('USAGE_INVALID', 'one key cannot sign twice; a second signer has a key of their own', {
        subject: reference,
        hints: ['exhibit key show'],
      });
    }
    seen.add(countersigner.fingerprint);
    countersigners.push(countersigner);
  }
  return { signer, countersigners };
}
