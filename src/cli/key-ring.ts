import { readdir, readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import { findAllowedSigner, parseAllowedSigners } from '../evidence/allowed-signers.js';
import { fingerprintOf, parsePublicKeyLine } from '../evidence/ssh-public-key.js';

export const DEFAULT_KEY = 'default';

/** What a signer may sign for us. */
export const SIGNER_NAMESPACES = [SEAL_NAMESPACE, 'exhibit-custody@v1'] as const;

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** A key is given by name (a file of the key folder) or by path (with a slash). */
export function keyPathOf(keysDirectory: string, key: string, workingDirectory: string): string {
  if (key.includes('/')) return isAbsolute(key) ? key : join(workingDirectory, key);
  if (NAME.test(key) && !key.endsWith('.pub')) return join(keysDirectory, key);
  throw new ExhibitError(
    'USAGE_INVALID',
    'a key name is lower-case letters, digits, dot, dash and underscore; a path has a slash',
    { subject: key },
  );
}

/** Whom a trust list vouches for, in its order. */
export function listTrusted(
  trustText: string,
): readonly { readonly principals: string; readonly fingerprint: string }[] {
  return parseAllowedSigners(trustText).signers.map(({ principals, keyBlob }) => ({
    principals,
    fingerprint: fingerprintOf(keyBlob),
  }));
}

export interface ListedKey {
  readonly name: string;
  readonly path: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  /** The principal of the trust list, `null` when the key is in none of its lines. */
  readonly trustedAs: string | null;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.pub')).sort();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new ExhibitError('STORAGE_FAILED', 'the folder of keys cannot be read', { subject: directory, cause });
  }
}

/** The keys of the folder by their public halves, sorted by name; files that hold no key are left out. */
export async function listKeys(
  keysDirectory: string,
  trust: { readonly text: string; readonly nowMs: number },
): Promise<readonly ListedKey[]> {
  const signers = parseAllowedSigners(trust.text);
  const keys: ListedKey[] = [];
  for (const file of await namesIn(keysDirectory)) {
    const [type = '', base64 = ''] = (await readFile(join(keysDirectory, file), 'latin1'))
      .slice(0, 65_536)
      .trim()
      .split(/\s+/);
    const key = parsePublicKeyLine(`${type} ${base64}`);
    if (key === null) continue;
    keys.push({
      name: basename(file, '.pub'),
      path: join(keysDirectory, basename(file, '.pub')),
      fingerprint: fingerprintOf(key.blob),
      publicKey: `${type} ${base64}`,
      trustedAs: findAllowedSigner(signers, { keyBlob: key.blob, namespace: SEAL_NAMESPACE, atMs: trust.nowMs })
        .principal,
    });
  }
  return keys;
}
