import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { appendAllowedSigner, readAllowedSigners } from '../evidence/allowed-signers.js';
import { readRevokedKeys, type RevokedKeys } from '../evidence/revocation/revoked-keys.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { ConfigFile } from './config-file.js';
import { type Environment, variableOf } from './environment.js';
import { SIGNER_NAMESPACES } from './key-ring.js';
import { resolveSetting } from './settings.js';

export interface TrustList {
  readonly source: string;
  readonly text: string;
  /** Keys that it trusts no longer. */
  readonly revoked: RevokedKeys | null;
}

interface TrustSurroundings {
  readonly environment: Environment;
  readonly config: ConfigFile;
  /** Path of the user's own list. */
  readonly own: string;
}

/**
 * The list of flag, environment or configuration, else the user's own, and the keys that it trusts no longer, named in the same ways. A
 * list of revoked keys that cannot be used is an error even where nobody is trusted: it must not go unnoticed.
 */
export async function readGivenTrust(
  flags: { readonly allowedSigners: string | undefined; readonly revoked: string | undefined },
  { environment, config, own }: TrustSurroundings,
): Promise<TrustList | null> {
  const list = resolveSetting({
    flag: flags.allowedSigners,
    environment: variableOf(environment, 'EXHIBIT_ALLOWED_SIGNERS'),
    config: config.allowedSigners,
    default: own,
  });
  const { value: revokedPath } = resolveSetting<string | null>({
    flag: flags.revoked,
    environment: variableOf(environment, 'EXHIBIT_REVOKED'),
    config: config.revoked,
    default: null,
  });
  const revoked = revokedPath === null ? null : await readRevokedKeys(revokedPath);
  const text = await readListText(list.value, list.origin !== 'default');
  return text === null ? null : { source: list.value, text, revoked };
}

/** A list that the user named must be there; the user's own may be missing. */
async function readListText(path: string, named: boolean): Promise<string | null> {
  try {
    return await readAllowedSigners(path);
  } catch (error) {
    const missing = error instanceof ExhibitError && errnoOf(error.cause) === 'ENOENT';
    if (missing && !named) return null;
    throw error;
  }
}

/** Adds a signer to the user's own list for seals and custody entries. */
export async function trustSigner(path: string, signer: { readonly principal: string; readonly publicKey: string }) {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await appendAllowedSigner(path, { ...signer, namespaces: SIGNER_NAMESPACES });
}

/** A principal made from names of the machine, which may hold anything. */
export function principalFrom(user: string, host: string): string {
  const clean = (text: string): string => text.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 90);
  return `${clean(user)}@${clean(host)}`;
}
