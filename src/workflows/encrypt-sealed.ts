import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { AgeProgram } from '../evidence/age/age-program.js';
import { encryptArchive } from '../evidence/age/encrypt-archive.js';
import type { AgeTarget } from '../evidence/age/make-header.js';
import { parseRecipient, type AgeRecipient } from '../evidence/age/recipients.js';
import type { OpenCase } from '../evidence/case-store.js';
import type { EncryptionHistory, ExhibitHistory } from '../evidence/case-state.js';
import { sealedPaths, type SealedPaths } from '../evidence/finished-seal.js';
import { nameEncrypted, readReceipt, wasNamed } from '../evidence/name-encrypted.js';
import { removeFile } from '../evidence/private-files.js';
import { removePlaintext } from '../evidence/remove-plaintext.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Signer } from '../ports/signer.js';

export interface EncryptionRequest {
  /** Empty = a passphrase. */
  readonly recipients: readonly AgeRecipient[];
  readonly keepPlaintext: boolean;
}

export interface EncryptionDeps {
  /** Signs the custody entry of the removal. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly io: Io;
  readonly program: AgeProgram;
  /** Asked for when it is needed and no earlier; the bytes are overwritten after use. `null` = none is to be had. */
  readonly newPassphrase: (() => Promise<Buffer>) | null;
  readonly signal: AbortSignal;
}

/** An exhibit whose encrypted archive is there, read back and recorded. */
export interface EncryptedExhibit {
  readonly encryptedPath: string;
  readonly receiptPath: string;
  /** With both digests. */
  readonly receipt: Receipt;
  /** Public keys; empty = a passphrase. */
  readonly recipients: readonly string[];
  /** `null` when it was removed. */
  readonly plaintextPath: string | null;
}

/** Puts on record that an exhibit is to be encrypted, so that whoever seals next ends what a crash broke off. */
export async function askForEncryption(
  openCase: OpenCase,
  exhibitId: string,
  { recipients, keepPlaintext }: EncryptionRequest,
): Promise<void> {
  await openCase.recordEncryption({
    event: 'encryption-asked',
    exhibitId,
    recipients: recipients.map(({ text }) => text),
    keepPlaintext,
  });
}

/** Whether an archive waits to be encrypted, or its plaintext to be removed. */
export function isEncryptionPending({ state, encryption }: ExhibitHistory): boolean {
  return state === 'sealed' && encryption !== null && encryption.state !== 'done';
}

/**
 * Encrypts a sealed exhibit that is to be encrypted, or ends what an earlier run began. Each step can be repeated: encrypt under a name
 * that does not count and read back; receipt with both digests; final name; case log; then, unless it is to be kept, remove spool and
 * plaintext, with an entry of custody and one in the case log. Whenever it is broken off, either the plaintext or an encrypted archive
 * that was read back is there. Throws as `encryptArchive`, `addCustodyEvent`, and `AGE_KEY_INVALID` when a passphrase is needed and
 * none is to be had.
 */
export async function encryptSealed(
  openCase: OpenCase,
  exhibitId: string,
  deps: EncryptionDeps,
): Promise<EncryptedExhibit> {
  const paths = sealedPaths(openCase.sealedDirectory, exhibitId);
  try {
    const asked = historyOf(openCase, exhibitId).encryption;
    if (asked.state === 'asked') {
      const { containerSha256 } = historyOf(openCase, exhibitId);
      const step = { exhibitId, asked, deps, containerSha256 };
      const encryptedSha256 = (await wasNamed(paths)) ?? (await encrypt(paths, step));
      await openCase.recordEncryption({ event: 'exhibit-encrypted', exhibitId, encryptedSha256 });
      deps.io.emit('ENCRYPT_DONE', `${exhibitId} is encrypted`, { exhibitId, archive: paths.encrypted });
    }
    if (historyOf(openCase, exhibitId).encryption.state === 'encrypted')
      await dropPlaintext(openCase, paths, { exhibitId, deps });
  } catch (error) {
    throw stillSealed(error, paths);
  }
  const { recipients, keepPlaintext } = historyOf(openCase, exhibitId).encryption;
  return {
    encryptedPath: paths.encrypted,
    receiptPath: paths.receipt,
    receipt: await readReceipt(paths),
    recipients,
    plaintextPath: keepPlaintext ? paths.archive : null,
  };
}

function historyOf(
  openCase: OpenCase,
  exhibitId: string,
): { readonly encryption: EncryptionHistory; readonly containerSha256: string } {
  const { encryption = null, containerSha256 = null } =
    openCase.exhibits.find((exhibit) => exhibit.exhibitId === exhibitId) ?? {};
  if (encryption === null || containerSha256 === null)
    throw new ExhibitError('INTERNAL', 'it is not sealed, or nobody asked for its encryption', { subject: exhibitId });
  return { encryption, containerSha256 };
}

interface Step {
  readonly exhibitId: string;
  readonly deps: EncryptionDeps;
}

async function encrypt(
  paths: SealedPaths,
  step: Step & { readonly asked: EncryptionHistory; readonly containerSha256: string },
): Promise<string> {
  const { exhibitId, asked, deps, containerSha256 } = step;
  const { io, program, signal } = deps;
  const receipt = await readReceipt(paths);
  if (asked.recipients.length <= 1) io.emit('ENCRYPT_ONE_RECIPIENT', oneRecipientText(asked), { exhibitId });
  io.emit('ENCRYPT_STARTED', `${exhibitId} is being encrypted`, { exhibitId });
  await removeFile(paths.encryptedPartial);
  const target = await targetOf(asked, deps);
  try {
    const { encryptedSha256 } = await encryptArchive({
      source: paths.archive,
      sourceSha256: containerSha256,
      partial: paths.encryptedPartial,
      target,
      program,
      signal,
      onProgress: (phase, bytes) =>
        io.progress({ phase, done: 0, total: null, bytes, current: [], gaps: 0, lastError: null }),
    });
    await nameEncrypted(paths, { ...receipt, encryptedSha256 });
    return encryptedSha256;
  } finally {
    if ('passphrase' in target) target.passphrase.fill(0);
  }
}

function oneRecipientText({ recipients }: EncryptionHistory): string {
  const what = recipients.length === 0 ? 'one passphrase opens' : 'one key opens';
  return `only ${what} the encrypted archive; encrypt to a second one that is kept elsewhere, or the evidence is lost with it`;
}

async function targetOf({ recipients }: EncryptionHistory, { newPassphrase }: EncryptionDeps): Promise<AgeTarget> {
  const [first, ...rest] = recipients.map((text) => parseRecipient(text)).filter((recipient) => recipient !== null);
  if (first !== undefined) return { recipients: [first, ...rest] };
  if (newPassphrase !== null) return { passphrase: await newPassphrase() };
  throw new ExhibitError('AGE_KEY_INVALID', 'The archive is to be encrypted with a passphrase, and none was given.', {
    hints: ['exhibit seal --encrypt-passphrase', 'exhibit seal --encrypt-to RECIPIENT'],
  });
}

async function dropPlaintext(openCase: OpenCase, paths: SealedPaths, { exhibitId, deps }: Step): Promise<void> {
  await removePlaintext({
    caseDirectory: openCase.directory,
    paths,
    receipt: await readReceipt(paths),
    signer: deps.signer,
    clock: deps.clock,
  });
  await openCase.recordEncryption({ event: 'plaintext-removed', exhibitId });
  deps.io.emit('PLAINTEXT_REMOVED', `spool and plaintext of ${exhibitId} were removed`, { exhibitId });
}

/** The seal stands, whatever became of the encryption. */
function stillSealed(error: unknown, { archive }: SealedPaths): unknown {
  if (!(error instanceof ExhibitError)) return error;
  return new ExhibitError(error.code, error.message, {
    hints: [...error.hints, 'exhibit seal'],
    safe: `The exhibit is sealed, and its encryption is ended by the next exhibit seal. ${error.safe ?? ''}`.trim(),
    retryable: error.retryable,
    cause: error.cause,
    subject: error.subject ?? archive,
  });
}
