import { hashOf, renderHash } from './algorithm.js';
import { contextTag, TAG } from './der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-writer.js';
import { OID, SHA256_OID } from './object-identifiers.js';
import { schemeOf } from './signature-scheme.js';
import type { Token } from './token.js';

interface Signer {
  readonly bytes: Uint8Array;
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

const CMS_VERSION = smallInteger(3);
const SIGNER_VERSION = smallInteger(1);
const GRANTED = smallInteger(0);

/**
 * A token in the one envelope that exhibit/1 knows. What the authority signed, and its certificate, stand in it byte for byte. Around
 * them an answer says things that no signature covers: words beside the status, further certificates, unsigned attributes, names of
 * algorithms; each is left out or written in one way, so that no byte of a stored token can change unnoticed. `signature` is the token's in its one form.
 */
export function renderReply(token: Token, certificate: Signer, signature: Uint8Array): Uint8Array {
  const digestAlgorithm = renderHash(hashOf(token.digestAlgorithm));
  const signer = sequence(
    SIGNER_VERSION,
    sequence(certificate.issuer, der(TAG.integer, certificate.serial)),
    digestAlgorithm,
    token.signedAttributes.bytes,
    schemeOf(token.signatureAlgorithm).rendered,
    der(TAG.octetString, signature),
  );
  const signed = sequence(
    CMS_VERSION,
    der(TAG.set, digestAlgorithm),
    sequence(oid(OID.tstInfo), der(contextTag(0), der(TAG.octetString, token.infoBytes))),
    der(contextTag(0), certificate.bytes),
    der(TAG.set, signer),
  );
  return sequence(sequence(GRANTED), sequence(oid(OID.signedData), der(contextTag(0), signed)));
}

/**
 * The DER `TimeStampReq` of RFC 3161: version 1, SHA-256 imprint, nonce, and the wish for the certificate. One imprint and one nonce have
 * exactly one request, so that a reader makes it again and compares.
 */
export function renderRequest(imprint: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sequence(
    smallInteger(1),
    sequence(sequence(oid(SHA256_OID), NULL), der(TAG.octetString, imprint)),
    der(TAG.integer, nonce),
    der(TAG.boolean, Uint8Array.of(0xff)),
  );
}
