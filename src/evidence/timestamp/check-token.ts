import { createHash } from 'node:crypto';
import { areSame } from '../../lib/bytes.js';
import { hashOf } from '../../lib/time-stamp/algorithm.js';
import { type Certificate, readCertificate } from './certificate.js';
import { TAG } from '../../lib/time-stamp/der.js';
import { renderReply, renderRequest } from '../../lib/time-stamp/reply-envelope.js';
import { assertAuthority, assertPurpose } from '../../lib/time-stamp/certificate-rules.js';
import { checkSignedAttributes } from './signed-attributes.js';
import { schemeOf } from '../../lib/time-stamp/signature-scheme.js';
import { assertStrong, canonicalSignature, verifySignature } from './signature-algorithm.js';
import { readReply, type Token } from '../../lib/time-stamp/token.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

export interface TokenInput {
  /** What was stamped: the bytes of the signature. */
  readonly stamped: Uint8Array;
  readonly query: Buffer;
  readonly reply: Buffer;
}

/** A token whose signature is good. Whether anybody vouches for its certificate is a question of its own. */
export interface CheckedToken {
  readonly genTimeMs: number;
  readonly accuracyMs: number | null;
  /** Hexadecimal. */
  readonly serial: string;
  readonly certificate: Certificate;
  /** Further certificates of the answer. */
  readonly others: readonly Certificate[];
  /** The token in the envelope of exhibit/1. */
  readonly canonicalReply: Buffer;
}

/** The certificates of the token that can be read, the one that signed first. */
function certificatesOf({ certificates, signerId }: Token): [Certificate, ...Certificate[]] {
  if (certificates.length === 0) throw new TokenProblem('it brings no certificate');
  const read = certificates.map((bytes) => readCertificate(Buffer.from(bytes)));
  const signer = read.find(({ issuer, serial, extensions }) =>
    'keyId' in signerId
      ? extensions.subjectKeyId !== null && areSame(extensions.subjectKeyId, signerId.keyId)
      : areSame(issuer, signerId.issuer) && areSame(serial, signerId.serial),
  );
  if (signer === undefined) throw new TokenProblem('it does not bring the certificate that signed it');
  return [signer, ...read.filter((other) => other !== signer && !areSame(other.bytes, signer.bytes))];
}

function assertSignature(token: Token, certificate: Certificate): void {
  const hash = hashOf(token.digestAlgorithm);
  assertStrong(certificate.key);
  checkSignedAttributes(token.signedAttributes, { infoBytes: token.infoBytes, hash, certificate });
  const message = Buffer.from(token.signedAttributes.bytes);
  message[0] = TAG.set;
  const scheme = schemeOf(token.signatureAlgorithm);
  if (!verifySignature({ scheme, hash, key: certificate.key }, message, token.signature))
    throw new TokenProblem('its signature is wrong');
}

function assertAnswers({ info }: Token, { stamped, query }: TokenInput): void {
  const imprint = createHash('sha256').update(stamped).digest();
  if (!areSame(info.imprint, imprint)) throw new TokenProblem('it is over other bytes');
  if (info.nonce === null) throw new TokenProblem('it carries no nonce');
  if (!areSame(renderRequest(imprint, info.nonce), query)) throw new TokenProblem('it answers another request');
}

/**
 * Everything that can be judged without knowing whom to trust: a granted token over these bytes, that answers this request, signed by
 * the certificate it binds, which is for time-stamping. Bounded in size and steps. Throws `TokenProblem`.
 */
export function checkToken(input: TokenInput): CheckedToken {
  const token = readReply(input.reply);
  assertAnswers(token, input);
  const [certificate, ...others] = certificatesOf(token);
  assertPurpose(certificate);
  assertAuthority(token.info.authority, certificate);
  assertSignature(token, certificate);
  const { genTimeMs, accuracyMs, serial } = token.info;
  const canonicalReply = Buffer.from(
    renderReply(token, certificate, canonicalSignature(certificate.key, token.signature)),
  );
  return { genTimeMs, accuracyMs, serial, certificate, others, canonicalReply };
}
