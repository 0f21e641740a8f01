import { hashOf, renderHash } from './algorithm.js';
import type { Certificate } from './certificate.js';
import { contextTag, TAG } from './der.js';
import { der, oid, sequence, smallInteger } from './der-writer.js';
import { OID } from './object-identifiers.js';
import { canonicalSignature, schemeOf } from './signature-algorithm.js';
import type { Token } from './token.js';

const CMS_VERSION = smallInteger(3);
const SIGNER_VERSION = smallInteger(1);
const GRANTED = smallInteger(0);

/**
 * A token in the one envelope that exhibit/1 knows. What the authority signed, and its certificate, stand in it byte for byte. Around
 * them an answer says things that no signature covers: words beside the status, further certificates, unsigned attributes, names of
 * algorithms; each is left out or written in one way, so that no byte of a stored token can change unnoticed.
 */
export function renderReply(token: Token, certificate: Certificate): Buffer {
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
