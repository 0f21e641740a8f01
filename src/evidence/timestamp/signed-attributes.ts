import { createHash } from 'node:crypto';
import type { Der } from '../../lib/time-stamp/der.js';
import type { HashName } from '../../lib/time-stamp/object-identifiers.js';
import { SignedAttributes } from '../../lib/time-stamp/signed-attributes.js';
import type { Certificate } from './certificate.js';

/** What the signature covers says: it is a time-stamp, over these bytes, by that certificate. Throws `TokenProblem`. */
export function checkSignedAttributes(
  element: Der,
  { infoBytes, hash, certificate }: { infoBytes: Uint8Array; hash: HashName; certificate: Certificate },
): void {
  const attributes = new SignedAttributes(element);
  attributes.assertDigest(createHash(hash).update(infoBytes).digest());
  for (const binding of attributes.bindings())
    binding.assertBinds(createHash(binding.hash).update(certificate.bytes).digest(), certificate);
}
