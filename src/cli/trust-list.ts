import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { appendAllowedSigner, readAllowedSigners } from '../evidence/allowed-signers.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { SIGNER_NAMESPACES } from './key-ring.js';

export interface TrustList {
  readonly source: string;
  readonly text: string;
}

/** A list that the user named must be there; the user's own may be missing. */
export async function readTrustList(path: string, named: boolean): Promise<TrustList | null> {
  try {
    return { source: path, text: await readAllowedSigners(path) };
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
