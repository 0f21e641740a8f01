import { loadLocalSigner } from '../evidence/local-signer.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { Io } from '../ports/io.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import type { RemoteKey } from '../ports/remote-key.js';
import type { Signer } from '../ports/signer.js';
import type { Environment } from './environment.js';
import type { KeyReference } from './key-reference.js';
import { readPublicKey } from './read-public-key.js';
import type { Setting } from './settings.js';
import { shellWord } from '../lib/shell-word.js';

export interface SignerSurroundings {
  readonly environment: Environment;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly passphrases: PassphraseSource;
  /** A key of AWS KMS by its id or ARN. */
  readonly kmsKey: (keyId: string) => Promise<RemoteKey>;
}

async function openFile(path: string, key: Setting<string>, passphrases: PassphraseSource): Promise<Signer> {
  try {
    return await loadLocalSigner(path, passphrases);
  } catch (error) {
    const missing = error instanceof ExhibitError && errnoOf(error.cause) === 'ENOENT';
    if (!missing || key.origin === 'default') throw error;
    throw new ExhibitError('KEY_INVALID', `there is no signing key ${key.value} yet`, {
      subject: path,
      hints: [`exhibit key new --name ${shellWord(key.value)}`, 'exhibit key show'],
      cause: error,
    });
  }
}

async function openAgent(publicKeyPath: string, { environment, io, signal }: SignerSurroundings): Promise<Signer> {
  const { createAgentSigner } = await import('../evidence/signers/agent-signer.js');
  return await createAgentSigner({
    publicKeyPath,
    publicKey: (await readPublicKey(publicKeyPath)).publicKey,
    variables: environment.variables,
    signal,
    onTouch: () => {
      io.emit('KEY_TOUCH', `the key ${publicKeyPath} waits to be touched`, { publicKeyPath });
    },
  });
}

/**
 * Opens a signing key wherever it is held. `key` is how it was named, for errors. Throws `KEY_INVALID`, `PASSPHRASE_WRONG`, `DECLINED`,
 * `SIGNER_UNAVAILABLE`.
 */
export async function openSigner(
  reference: KeyReference,
  key: Setting<string>,
  surroundings: SignerSurroundings,
): Promise<Signer> {
  if (reference.kind === 'file') return await openFile(reference.path, key, surroundings.passphrases);
  if (reference.kind === 'agent') return await openAgent(reference.publicKeyPath, surroundings);
  const { createRemoteKeySigner } = await import('../evidence/signers/remote-key-signer.js');
  return await createRemoteKeySigner(await surroundings.kmsKey(reference.keyId));
}
