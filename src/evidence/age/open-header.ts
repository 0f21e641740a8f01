import type { ExhibitError } from '../../model/errors.js';
import type { PassphraseSource } from '../../ports/passphrase-source.js';
import { SCRYPT_LOG_N } from './age-format.js';
import type { AgeHeader } from './age-header.js';
import { decryptFailed } from './decrypt-failed.js';
import type { Identities } from './identities.js';

export interface OpenHeaderOptions {
  readonly header: AgeHeader;
  /** Named in errors. */
  readonly path: string;
  readonly identities: Identities;
  readonly passphrases: PassphraseSource;
}

/** One step more than we write: each step doubles time and memory, and the file that asks for them may be a stranger's. */
const MAX_LOG_N = SCRYPT_LOG_N + 1;
const SHOWN_TYPES = 8;

/**
 * The file key of a header whose MAC is right; `null` when no native identity fits and the program `age` has to try. The caller
 * overwrites the key. Throws `DECRYPT_FAILED` for a damaged header, and when nothing that was given opens it.
 */
export async function openHeader(options: OpenHeaderOptions): Promise<Buffer | null> {
  const { header, path, identities } = options;
  if (header.stanzas.some(({ type }) => type === 'scrypt')) return await withPassphrase(options);
  if (identities.native.length > 0) {
    const { fileKey, isMatch } = await tryKeys(header.bytes, { identities: identities.native });
    if (fileKey !== null) return fileKey;
    if (isMatch) throw damagedHeader(path);
  }
  if (identities.forProgram.length > 0) return null;
  throw noneFits(options);
}

function damagedHeader(path: string): ExhibitError {
  return decryptFailed(path, 'its header is not as it was written');
}

function noneFits({ header, path, identities }: OpenHeaderOptions): ExhibitError {
  const types = header.stanzas.slice(0, SHOWN_TYPES).map(({ type }) => type);
  const more = header.stanzas.length > SHOWN_TYPES ? ' and more' : '';
  const given = identities.native.length === 0 ? 'no identity was given' : 'none of the identities fits';
  return decryptFailed(path, `${given}; it is encrypted to: ${types.join(', ')}${more}`, [
    `exhibit decrypt ${path} --identity FILE`,
  ]);
}

async function withPassphrase({ header, path, passphrases }: OpenHeaderOptions): Promise<Buffer> {
  const [stanza] = header.stanzas;
  if (header.stanzas.length !== 1 || stanza?.args.length !== 2)
    throw decryptFailed(path, 'its header mixes a passphrase with other recipients');
  const factor = stanza.args[1] ?? '';
  if (!/^[1-9]\d{0,8}$/.test(factor)) throw decryptFailed(path, 'the work factor of its passphrase is not a number');
  if (Number(factor) > MAX_LOG_N)
    throw decryptFailed(
      path,
      `its passphrase asks for more work than is sane: 2^${factor} (at most 2^${String(MAX_LOG_N)} is done)`,
    );
  for (let tries = 1; ; tries += 1) {
    const passphrase = await passphrases.read(path);
    try {
      const { fileKey, isMatch } = await tryKeys(header.bytes, { passphrase: passphrase.toString('utf8') });
      if (fileKey !== null) return fileKey;
      if (isMatch) throw damagedHeader(path);
    } finally {
      passphrase.fill(0);
    }
    if (tries >= passphrases.maxTries) throw decryptFailed(path, 'the passphrase does not fit');
  }
}

type Keys = { readonly identities: readonly string[] } | { readonly passphrase: string };

/** `isMatch`: a key fitted a stanza, or a stanza of its kind is damaged. */
async function tryKeys(
  header: Buffer,
  keys: Keys,
): Promise<{ readonly fileKey: Buffer | null; readonly isMatch: boolean }> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in keys) decrypter.addPassphrase(keys.passphrase);
  else for (const identity of keys.identities) decrypter.addIdentity(identity);
  let isMatch = true;
  // Asked last: it only comes to this when no other has said yes or found a stanza damaged.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      isMatch = false;
      return null;
    },
  });
  try {
    return { fileKey: Buffer.from(await decrypter.decryptHeader(header)), isMatch: true };
  } catch {
    return { fileKey: null, isMatch };
  }
}
