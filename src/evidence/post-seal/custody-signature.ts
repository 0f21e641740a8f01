import { CUSTODY_NAMESPACE } from '../../model/post-seal-custody.js';
import { findAllowedSigner, type AllowedSigners, type Trust } from '../allowed-signers.js';
import { fingerprintOf } from '../ssh-public-key.js';
import { isHighS, parseSshsig, verifySshsig } from '../sshsig.js';

/** Who is trusted to sign custody events, and when that is judged. */
export interface CustodyTrust {
  /** `null` = no list was given, so nobody is. */
  readonly list: AllowedSigners | null;
  /** Epoch milliseconds: the time of checking, since the times in the events are claims of their signers. */
  readonly atMs: number;
}

/** A signature that is good; whether its key is trusted stands in `trust`. */
export interface CheckedSignature {
  readonly fingerprint: string;
  readonly trust: Trust;
}

/** Untrusted bytes of an event file and of its signature; a sentence when they do not belong together. */
export function checkCustodySignature(
  event: Uint8Array,
  signature: Uint8Array,
  { list, atMs }: CustodyTrust,
): CheckedSignature | string {
  const parsed = parseSshsig(Buffer.from(signature).toString('latin1'));
  if (parsed === null) return 'it is no signature as ssh-keygen writes it';
  if (parsed.namespace !== CUSTODY_NAMESPACE) return `it was made for ${parsed.namespace}`;
  if (!verifySshsig(parsed, event, CUSTODY_NAMESPACE)) return 'it was made over other bytes';
  if (isHighS(parsed)) return 'it is the other of the two forms of an ECDSA signature, which anybody can write';
  const { blob } = parsed.publicKey;
  const trust: Trust =
    list === null
      ? { principal: null, why: 'no list of trusted signers was given' }
      : findAllowedSigner(list, { keyBlob: blob, namespace: CUSTODY_NAMESPACE, atMs });
  return { fingerprint: fingerprintOf(blob), trust };
}
