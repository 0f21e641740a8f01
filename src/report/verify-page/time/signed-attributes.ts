import type { Der } from '../../../lib/time-stamp/der.js';
import type { HashName } from '../../../lib/time-stamp/object-identifiers.js';
import { SignedAttributes } from '../../../lib/time-stamp/signed-attributes.js';
import type { Certificate } from './certificate.js';
import { digestOf } from './web-crypto.js';

/** What the signature covers says: it is a time-stamp, over these bytes, by that certificate. Throws `TokenProblem`, `CannotCheck`. */
export async function checkSignedAttributes(
  element: Der,
  { infoBytes, hash, certificate }: { infoBytes: Uint8Array; hash: HashName; certificate: Certificate },
): Promise<void> {
  const attributes = new SignedAttributes(element);
  attributes.assertDigest(await digestOf(hash, infoBytes));
  for (const binding of attributes.bindings())
    binding.assertBinds(await digestOf(binding.hash, certificate.bytes), certificate);
}
