import { Flags } from '@oclif/core';
import { makeHeader } from '../evidence/age/make-header.js';
import { readRecipients } from '../evidence/age/recipients.js';
import { ExhibitError } from '../model/errors.js';
import type { EncryptionDeps, EncryptionRequest } from '../workflows/encrypt-sealed.js';
import type { Answers } from './confirm.js';
import type { Context } from './context.js';
import { newPassphrase } from './passphrase-source.js';

/** For `seal`. */
export const encryptionFlags = {
  'encrypt-to': Flags.string({
    helpValue: 'RECIPIENT|FILE',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Encrypt with age to this public key (age1..., ssh-...) or to those in a file; repeatable.',
  }),
  'encrypt-passphrase': Flags.boolean({
    default: false,
    exclusive: ['encrypt-to', 'encrypt-passphrase-fd'],
    summary: 'Encrypt with a passphrase, which is asked for twice.',
  }),
  'encrypt-passphrase-fd': Flags.string({
    helpValue: 'N',
    exclusive: ['encrypt-to'],
    summary: 'Encrypt with the passphrase that is read from this file descriptor.',
  }),
  'keep-plaintext': Flags.boolean({
    default: false,
    summary: 'Keep spool and plaintext archive beside the encrypted one.',
  }),
};

export interface EncryptionFlagValues {
  readonly 'encrypt-to': readonly string[] | undefined;
  readonly 'encrypt-passphrase': boolean;
  readonly 'encrypt-passphrase-fd': string | undefined;
  readonly 'keep-plaintext': boolean;
  readonly 'passphrase-fd': string | undefined;
}

export interface EncryptionAsked extends Pick<EncryptionDeps, 'program' | 'newPassphrase'> {
  /** `null` = no flag asks for encryption. */
  readonly encryption: EncryptionRequest | null;
}

const PURPOSE = 'the encrypted archive';

function invalid(message: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', message, {
    hints: ['exhibit seal --encrypt-to RECIPIENT --encrypt-to ESCROW'],
  });
}

/** Makes a header for them and throws it away: a wrong letter or a missing program is better told before the seal than after. */
async function checkedRecipients(
  given: readonly string[],
  program: EncryptionDeps['program'],
): Promise<EncryptionRequest['recipients']> {
  const recipients = await readRecipients(given);
  const [first, ...rest] = recipients;
  if (first === undefined) throw invalid('--encrypt-to names no recipient.');
  const { fileKey } = await makeHeader({ recipients: [first, ...rest] }, program);
  fileKey.fill(0);
  return recipients;
}

/**
 * What the flags of a seal ask for; recipients are tried and a passphrase is asked for now, before any work begins. Throws `AGE_KEY_INVALID`, `DECLINED`,
 * `USAGE_INVALID`.
 */
export async function encryptionAsked(
  context: Pick<Context, 'environment' | 'passphrases'>,
  flags: EncryptionFlagValues,
  answers: Answers,
): Promise<EncryptionAsked> {
  const descriptor = flags['encrypt-passphrase-fd'];
  const given = flags['encrypt-to'] ?? [];
  const keepPlaintext = flags['keep-plaintext'];
  const program = { variables: context.environment.variables };
  const read = async (): Promise<Buffer> => await newPassphrase(context.passphrases(descriptor), PURPOSE);
  if (flags['encrypt-passphrase'] || descriptor !== undefined) {
    if (descriptor !== undefined && descriptor === flags['passphrase-fd'])
      throw invalid('The passphrases of the key and of the archive come from two file descriptors.');
    const passphrase = await read();
    if (passphrase.length === 0) throw invalid('An empty passphrase protects nothing.');
    const encryption = { recipients: [], keepPlaintext };
    return { encryption, program, newPassphrase: () => Promise.resolve(Buffer.from(passphrase)) };
  }
  const later = answers.mayAsk ? read : null;
  if (given.length > 0) {
    const recipients = await checkedRecipients(given, program);
    return { encryption: { recipients, keepPlaintext }, program, newPassphrase: later };
  }
  if (keepPlaintext) throw invalid('--keep-plaintext has no meaning where nothing is encrypted.');
  return { encryption: null, program, newPassphrase: later };
}
