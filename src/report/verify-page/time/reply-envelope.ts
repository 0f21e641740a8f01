import type { Bytes } from '../bytes.js';
import { hashOf, renderHash } from './algorithm.js';
import type { Certificate } from './certificate.js';
import { contextTag, TAG } from './der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-writer.js';
import { OID, SHA256_OID } from './object-identifiers.js';
import { schemeOf } from './signature-scheme.js';
import type { Token } from './token.js';
import { canonicalSignature } from './verify-signature.js';

const CMS_VERSION = smallInteger(3);
const SIGNER_VERSION = smallInteger(1);
const GRANTED = smallInteger(0);

/** The one envelope that exhibit/1 stores a token in: a stored reply that differs from it was changed by somebody. */
export function renderReply(token: Token, certificate: Certificate): Bytes {
  const digestAlgorithm = renderHash(hashOf(token.digestAlgorithm));
  const signer = sequence(
    SIGNER_VERSION,
    sequence(certificate.issuer, der(TAG.integer, certificate.serial)),
    digestAlgorithm,
    token.signedAttributes.bytes,
    schemeOf(token.signatureAlgorithm).rendered,
    der(TAG.octetString, canonicalSignature(certificate.key, token.signature)),
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

/** The one `TimeStampReq` of an imprint and a nonce. */
export function renderRequest(imprint: Bytes, nonce: Bytes): Bytes {
  return sequence(
    smallInteger(1),
    sequence(sequence(oid(SHA256_OID), NULL), der(TAG.octetString, imprint)),
    der(TAG.integer, nonce),
    der(TAG.boolean, Uint8Array.of(0xff)),
  );
}
