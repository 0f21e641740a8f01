import { findAllowedSigner, parseAllowedSigners } from '../evidence/allowed-signers.js';
import { parsePublicKeyLine } from '../evidence/ssh-public-key.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { Signer } from '../ports/signer.js';
import type { Context } from './context.js';

/** As whom the trust list of this machine knows the signer of a seal, as verify would say; `null` when it does not. */
export async function principalOf(context: Context, publicKey: string): Promise<string | null> {
  const key = parsePublicKeyLine(publicKey);
  // A list that cannot be read is an error of verify; the seal stands.
  const trust = await context.trustList(undefined).catch(() => null);
  if (key === null || trust === null) return null;
  const signers = parseAllowedSigners(trust.text, trust.revoked);
  const atMs = context.clock.nowMs();
  return findAllowedSigner(signers, { keyBlob: key.blob, namespace: SEAL_NAMESPACE, atMs }).principal;
}

/** The same for further signers, in their order. */
export async function namedSigners(
  context: Context,
  signers: readonly Signer[],
): Promise<readonly { readonly fingerprint: string; readonly principal: string | null }[]> {
  const named = [];
  for (const { fingerprint, publicKey } of signers)
    named.push({ fingerprint, principal: await principalOf(context, publicKey) });
  return named;
}
