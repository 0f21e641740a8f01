import { createHmac, hkdfSync } from 'node:crypto';
import type { Encrypter, Recipient } from 'age-encryption';
import { ExhibitError } from '../../model/errors.js';
import { AGE_VERSION_LINE, NONCE_BYTES, SCRYPT_LOG_N, TAG_BYTES } from './age-format.js';
import { parseAgeHeader } from './age-header.js';
import { startAge, type AgeProgram } from './age-program.js';
import type { AgeRecipient } from './recipients.js';

/** Whom a file is encrypted to: public keys, or the holder of a passphrase, who by the specification is alone. */
export type AgeTarget =
  { readonly recipients: readonly [AgeRecipient, ...AgeRecipient[]] } | { readonly passphrase: Buffer };

export interface MadeHeader {
  readonly bytes: Buffer;
  /** What opens the payload; in memory only, overwritten by whoever asked for it. */
  readonly fileKey: Buffer;
}

const MAX_PROGRAM_BYTES = 1024 * 1024;

/**
 * Makes a file key and its header. ssh recipients need the program `age`. Throws `AGE_KEY_INVALID` for a recipient that turns out to be
 * none, and for a missing program.
 */
export async function makeHeader(target: AgeTarget, program: AgeProgram): Promise<MadeHeader> {
  if ('passphrase' in target) return await passphraseHeader(target.passphrase);
  const needsProgram = target.recipients.some(({ kind }) => kind === 'ssh');
  return needsProgram ? await programHeader(target.recipients, program) : await libraryHeader(target.recipients);
}

/** The library keeps the file key to itself; a recipient of ours that adds nothing to the header is shown it. */
async function libraryHeader(recipients: readonly AgeRecipient[]): Promise<MadeHeader> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const { text } of recipients) addRecipient(encrypter, text);
  let seen: Buffer | undefined;
  const witness: Recipient = {
    wrapFileKey: (fileKey) => {
      seen = Buffer.from(fileKey);
      return [];
    },
  };
  encrypter.addRecipient(witness);
  const bytes = headerOf(await encrypter.encrypt(new Uint8Array()));
  if (seen === undefined) throw new ExhibitError('INTERNAL', 'the file key was not shown');
  return { bytes, fileKey: seen };
}

function addRecipient(encrypter: Encrypter, text: string): void {
  try {
    encrypter.addRecipient(text);
  } catch (error) {
    throw notOne(text, error);
  }
}

function notOne(text: string, cause: unknown): ExhibitError {
  return new ExhibitError('AGE_KEY_INVALID', 'This is not a recipient: a character is wrong or missing.', {
    subject: text,
    hints: ['age-keygen -y IDENTITYFILE'],
    cause,
  });
}

/** Opening the header again gives the file key, and proves that the passphrase opens it. */
async function passphraseHeader(passphrase: Buffer): Promise<MadeHeader> {
  const { Decrypter, Encrypter } = await import('age-encryption');
  const text = passphrase.toString('utf8');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(text);
  encrypter.setScryptWorkFactor(SCRYPT_LOG_N);
  const bytes = headerOf(await encrypter.encrypt(new Uint8Array()));
  const decrypter = new Decrypter();
  decrypter.addPassphrase(text);
  return { bytes, fileKey: Buffer.from(await decrypter.decryptHeader(bytes)) };
}

/**
 * Lets the program encrypt nothing to the recipients and to one more whose private key is known here alone; that key opens the header,
 * and its stanza, the last, is left out of the one that is made from it.
 */
async function programHeader(recipients: readonly AgeRecipient[], program: AgeProgram): Promise<MadeHeader> {
  const { Decrypter, generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const all = [...recipients.map(({ text }) => text), await identityToRecipient(identity)];
  const encrypted = await runOnNothing(
    program,
    all.flatMap((text) => ['-r', text]),
  );
  const { bytes, stanzas } = parseAgeHeader(encrypted, 'age');
  if (stanzas.length !== all.length)
    throw new ExhibitError('INTERNAL', 'the program age did not write one stanza a recipient');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const fileKey = Buffer.from(await decrypter.decryptHeader(bytes));
  return {
    bytes: signedHeader(
      stanzas.slice(0, -1).map(({ text }) => text),
      fileKey,
    ),
    fileKey,
  };
}

function signedHeader(stanzas: readonly string[], fileKey: Buffer): Buffer {
  const text = `${AGE_VERSION_LINE}\n${stanzas.join('')}---`;
  const key = Buffer.from(hkdfSync('sha256', fileKey, '', 'header', 32));
  const mac = createHmac('sha256', key).update(text, 'latin1').digest('base64').replace(/=+$/, '');
  return Buffer.from(`${text} ${mac}\n`, 'latin1');
}

async function runOnNothing(program: AgeProgram, args: readonly string[]): Promise<Buffer> {
  const { child, ended } = startAge(
    program,
    args,
    (why) => new ExhibitError('AGE_KEY_INVALID', `The program age does not take a recipient: ${why}`),
  );
  child.stdin.end();
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_PROGRAM_BYTES) {
      child.kill('SIGKILL');
      throw new ExhibitError('AGE_KEY_INVALID', 'The program age wrote more than a header can be.');
    }
    pieces.push(piece);
  }
  await ended;
  return Buffer.concat(pieces);
}

/** What stands before the nonce and the one chunk of an empty payload. */
function headerOf(encryptedNothing: Uint8Array): Buffer {
  return Buffer.from(encryptedNothing.subarray(0, encryptedNothing.length - NONCE_BYTES - TAG_BYTES));
}
