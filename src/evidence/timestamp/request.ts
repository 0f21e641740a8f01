import { randomBytes } from 'node:crypto';
import { TAG } from './der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-writer.js';
import { SHA256_OID } from './object-identifiers.js';

const NONCE_BYTES = 8;

/** Content of the INTEGER: 63 random bits under a set one, so a positive number of 64 bits whose length never varies. */
export function newNonce(): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  nonce[0] = (nonce[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.of(0), nonce]);
}

/**
 * The DER `TimeStampReq` of RFC 3161: version 1, SHA-256 imprint, nonce, and the wish for the certificate. One imprint and one nonce have
 * exactly one request, so that a reader makes it again and compares.
 */
export function renderRequest(imprint: Uint8Array, nonce: Uint8Array): Buffer {
  return sequence(
    smallInteger(1),
    sequence(sequence(oid(SHA256_OID), NULL), der(TAG.octetString, imprint)),
    der(TAG.integer, nonce),
    der(TAG.boolean, Buffer.of(0xff)),
  );
}
