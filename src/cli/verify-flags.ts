import { Flags } from '@oclif/core';
import type { VerifyRequest } from '../workflows/verify.js';
import type { Context } from './context.js';

/** Whom to trust: for every command that judges a signature. */
export const trustFlags = {
  'allowed-signers': Flags.string({
    helpValue: 'FILE',
    summary: "Trust list in OpenSSH's format, from outside the archive.",
  }),
  'revoked': Flags.string({
    helpValue: 'FILE',
    summary: 'Keys that are trusted no longer: a KRL of ssh-keygen, or public keys one a line (EXHIBIT_REVOKED).',
  }),
};

/** For commands that judge a token. */
export const tsaTrustFlags = {
  'tsa-ca': Flags.string({
    helpValue: 'FILE',
    summary:
      'Roots of time-stamping authorities in PEM, from outside the archive; a token that leads to one must be there.',
  }),
  'require-timestamp': Flags.boolean({
    default: false,
    summary: 'A token that passes must be there, also where the signed policy does not ask for one.',
  }),
};

/** For commands that verify an archive before they do something else with it. */
export const verifyFlags = {
  ...trustFlags,
  ...tsaTrustFlags,
  receipt: Flags.string({ helpValue: 'FILE', summary: 'Receipt that was kept elsewhere since the seal.' }),
};

export interface VerifyFlagValues {
  readonly 'allowed-signers': string | undefined;
  readonly 'revoked': string | undefined;
  readonly 'receipt': string | undefined;
  readonly 'tsa-ca'?: string | undefined;
  readonly 'require-timestamp'?: boolean;
}

/** What verify is asked about an archive, by the flags that all such commands share. */
export async function verifyRequestOf(
  context: Context,
  archivePath: string,
  flags: VerifyFlagValues,
): Promise<VerifyRequest> {
  return {
    archivePath,
    allowedSigners: await context.trustList(flags['allowed-signers'], flags.revoked),
    receiptPath: flags.receipt ?? null,
    requireComplete: false,
    tsaCaPath: flags['tsa-ca'] ?? null,
    requireTimestamp: flags['require-timestamp'] ?? false,
  };
}
