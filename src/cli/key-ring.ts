import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import { type AllowedSigners, findAllowedSigner } from '../evidence/allowed-signers.js';
import { isLockedKey } from '../evidence/local-signer.js';
import {
  fingerprintOf,
  parsePublicKeyLine,
  renderPublicKey,
  type SshKeyType,
  type SshPublicKey,
} from '../evidence/ssh-public-key.js';

/** What a signer may sign for us. */
export const SIGNER_NAMESPACES = [SEAL_NAMESPACE, 'exhibit-custody@v1'] as const;

/** Whom a trust list vouches for, in its order; a revoked key says so. */
export function listTrusted({ signers, revoked }: AllowedSigners): readonly TrustedKey[] {
  return signers.map(({ principals, keyBlob }) => ({
    principals,
    fingerprint: fingerprintOf(keyBlob),
    revoked: revoked?.has(keyBlob) === true,
  }));
}

interface TrustedKey {
  readonly principals: string;
  readonly fingerprint: string;
  readonly revoked: boolean;
}

/** Where the private half is: a file with or without a passphrase, one that cannot be used, or no file of ours. */
export type KeyHolder = 'file' | 'file, with passphrase' | 'file, not usable' | 'elsewhere';

export interface ListedKey {
  readonly name: string;
  readonly path: string;
  readonly type: SshKeyType;
  readonly heldIn: KeyHolder;
  readonly fingerprint: string;
  readonly publicKey: string;
  /** The principal of the trust list, `null` when the key is in none of its lines. */
  readonly trustedAs: string | null;
}

async function holderOf(privatePath: string): Promise<KeyHolder> {
  try {
    return (await isLockedKey(privatePath)) ? 'file, with passphrase' : 'file';
  } catch (error) {
    const isMissing = error instanceof ExhibitError && errnoOf(error.cause) === 'ENOENT';
    return isMissing ? 'elsewhere' : 'file, not usable';
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.pub')).sort();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new ExhibitError('STORAGE_FAILED', 'the folder of keys cannot be read', { subject: directory, cause });
  }
}

interface TrustNow {
  readonly list: AllowedSigners;
  readonly nowMs: number;
}

function trustedAs(key: SshPublicKey, { list, nowMs }: TrustNow): string | null {
  return findAllowedSigner(list, { keyBlob: key.blob, namespace: SEAL_NAMESPACE, atMs: nowMs }).principal;
}

function facts(key: SshPublicKey, trust: TrustNow) {
  return {
    type: key.type,
    fingerprint: fingerprintOf(key.blob),
    publicKey: renderPublicKey(key),
    trustedAs: trustedAs(key, trust),
  };
}

/** The keys of the folder by their public halves, sorted by name; files that hold no key are left out. */
export async function listKeys(keysDirectory: string, trust: TrustNow): Promise<readonly ListedKey[]> {
  const keys: ListedKey[] = [];
  for (const file of await namesIn(keysDirectory)) {
    const [type = '', base64 = ''] = (await readFile(join(keysDirectory, file), 'latin1'))
      .slice(0, 65_536)
      .trim()
      .split(/\s+/);
    const key = parsePublicKeyLine(`${type} ${base64}`);
    if (key === null) continue;
    const name = basename(file, '.pub');
    const path = join(keysDirectory, name);
    keys.push({ name, path, heldIn: await holderOf(path), ...facts(key, trust) });
  }
  return keys;
}

/** A key that has no file here, by the reference that names it. */
export function listedElsewhere(reference: string, publicKey: string, trust: TrustNow): ListedKey {
  const key = parsePublicKeyLine(publicKey);
  if (key === null) throw new ExhibitError('INTERNAL', 'a signer without a public key', { subject: reference });
  return { name: reference, path: reference, heldIn: 'elsewhere', ...facts(key, trust) };
}
