import type { Bytes } from '../../../lib/bytes.js';
import type { HashName } from '../../../lib/time-stamp/object-identifiers.js';

/** WebCrypto as it names hashes; SHA-1 names certificates in the older form of the attribute, and nothing else. */
export const WEB_HASH: Readonly<Record<HashName | 'sha1', string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** This browser cannot compute what a check needs: no word on what is checked. */
export class CannotCheck extends Error {
  constructor() {
    super('this browser cannot check it');
    this.name = 'CannotCheck';
  }
}

/** Throws `CannotCheck` where there is no WebCrypto, as outside secure contexts, whatever the types say. */
export function subtleCrypto(): SubtleCrypto {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) throw new CannotCheck();
  return subtle;
}

/** A copy in memory of its own, which is all that WebCrypto takes. */
export function owned(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

export async function digestOf(hash: HashName | 'sha1', bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await subtleCrypto().digest(WEB_HASH[hash], owned(bytes)));
}
