import { constants, lstat, mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import type { Signer } from '../ports/signer.js';
import { isPassphrase } from './key-encryption.js';
import {
  generateOpensshKey,
  parseOpensshKey,
  renderOpensshKey,
  type OpensshKey,
  type OpensshKeyFile,
} from './openssh-key.js';
import { ed25519Blob, fingerprintOf, renderPublicKey } from './ssh-public-key.js';
import { signSshsig } from './sshsig.js';
import { storageError } from '../custody/storage-error.js';

const MAX_KEY_FILE_BYTES = 64 * 1024;
const GROUP_AND_OTHERS = 0o077;

export interface LocalKey {
  readonly fingerprint: string;
  /** One line `<type> <base64>` without comment. */
  readonly publicKey: string;
}

function describe(key: OpensshKey): LocalKey & { readonly blob: Buffer } {
  const blob = ed25519Blob(key.privateKey);
  return { blob, fingerprint: fingerprintOf(blob), publicKey: renderPublicKey({ type: 'ssh-ed25519', blob }) };
}

function taken(path: string): ExhibitError {
  return new ExhibitError('KEY_INVALID', 'A key exists there already and is not replaced.', {
    subject: path,
    hints: ['exhibit key new --name NAME', 'exhibit key show'],
  });
}

/** Throws `KEY_INVALID` where `createLocalKey` would find a key; to know it before a passphrase is asked for. */
export async function assertNoKey(privatePath: string): Promise<void> {
  for (const path of [privatePath, `${privatePath}.pub`]) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw taken(path);
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw taken(path);
    throw storageError(error, path);
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file.close();
  }
}

export interface NewLocalKey {
  readonly privatePath: string;
  readonly comment: string;
  /** What protects the private key; `null` = nothing but the mode of its file. */
  readonly passphrase?: Buffer | null;
}

/**
 * Makes an ed25519 key pair: `privatePath` (0600) and `privatePath.pub` (0644), as ssh-keygen does; the folder is made (0700) when it
 * is not there. Throws `KEY_INVALID` when either file exists, `USAGE_INVALID` for a comment that is not printable ASCII or a passphrase
 * that is empty or too long.
 */
export async function createLocalKey({ privatePath, comment, passphrase = null }: NewLocalKey): Promise<LocalKey> {
  if (!/^[\x20-\x7e]{0,200}$/.test(comment))
    throw new ExhibitError('USAGE_INVALID', 'The comment of a key is one line of printable ASCII.');
  if (passphrase !== null && !isPassphrase(passphrase))
    throw new ExhibitError('USAGE_INVALID', 'A passphrase has 1 to 1024 bytes.', { subject: privatePath });
  const key = generateOpensshKey(comment);
  const { fingerprint, publicKey } = describe(key);
  await mkdir(dirname(privatePath), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageError(error, dirname(privatePath));
  });
  await writeNew(privatePath, renderOpensshKey(key, passphrase), 0o600);
  try {
    await writeNew(`${privatePath}.pub`, `${publicKey} ${comment}`.trimEnd() + '\n', 0o644);
  } catch (error) {
    await unlink(privatePath);
    throw error;
  }
  return { fingerprint, publicKey };
}

async function readKeyFile(file: FileHandle, path: string): Promise<string> {
  const { mode, size, isFile } = await file
    .stat()
    .then((stat) => ({ mode: stat.mode, size: stat.size, isFile: stat.isFile() }));
  if (!isFile || size > MAX_KEY_FILE_BYTES)
    throw new ExhibitError('KEY_INVALID', 'The path of the key is no key file.', { subject: path });
  if (process.platform !== 'win32' && (mode & GROUP_AND_OTHERS) !== 0) {
    throw new ExhibitError(
      'KEY_INVALID',
      'The private key can be read or written by others than its owner and is not used.',
      {
        subject: path,
        hints: [`chmod 600 '${path}'`],
      },
    );
  }
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await file.read(bytes, 0, size, 0);
  const text = bytes.toString('latin1', 0, bytesRead);
  bytes.fill(0);
  return text;
}

async function openKeyFile(privatePath: string): Promise<OpensshKeyFile> {
  let file: FileHandle;
  try {
    file = await open(privatePath, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const why =
      errnoOf(error) === 'ENOENT'
        ? 'There is no signing key yet.'
        : `The key cannot be read (${errnoOf(error) ?? 'unknown error'}).`;
    throw new ExhibitError('KEY_INVALID', why, { subject: privatePath, cause: error, hints: ['exhibit key new'] });
  }
  try {
    return parseOpensshKey(await readKeyFile(file, privatePath), privatePath);
  } finally {
    await file.close();
  }
}

const NOBODY: PassphraseSource = {
  maxTries: 1,
  read: (purpose) =>
    Promise.reject(new ExhibitError('DECLINED', 'the key is protected by a passphrase', { subject: purpose })),
};

async function unlock(file: OpensshKeyFile, path: string, passphrases: PassphraseSource): Promise<OpensshKey> {
  for (let attempt = 1; ; attempt += 1) {
    const passphrase = await passphrases.read(attempt === 1 ? path : `${path} (again, that was wrong)`);
    try {
      return file.open(passphrase);
    } catch (error) {
      const isWrong = error instanceof ExhibitError && error.code === 'PASSPHRASE_WRONG';
      if (!isWrong || attempt >= passphrases.maxTries) throw error;
    } finally {
      passphrase.fill(0);
    }
  }
}

/** Whether a private key file asks for a passphrase. Throws as `loadLocalSigner`. */
export async function isLockedKey(privatePath: string): Promise<boolean> {
  return (await openKeyFile(privatePath)).isLocked;
}

/**
 * Loads an ed25519 key for signing; `passphrases` is asked only where the key has one. Throws `KEY_INVALID`: missing, readable by
 * others, of another type, damaged; `PASSPHRASE_WRONG` after as many tries as the source allows, and what the source throws.
 */
export async function loadLocalSigner(privatePath: string, passphrases: PassphraseSource = NOBODY): Promise<Signer> {
  const file = await openKeyFile(privatePath);
  const key = file.isLocked ? await unlock(file, privatePath, passphrases) : file.open(null);
  const { fingerprint, publicKey } = describe(key);
  const sign = (message: Uint8Array, namespace: string): Promise<string> =>
    Promise.resolve(signSshsig(key.privateKey, message, namespace));
  return { fingerprint, publicKey, sign };
}
