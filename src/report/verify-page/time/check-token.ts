import { areSame } from '../../../lib/bytes.js';
import { hashOf } from '../../../lib/time-stamp/algorithm.js';
import { type Certificate, readCertificate } from './certificate.js';
import { assertAuthority, assertPurpose } from '../../../lib/time-stamp/certificate-rules.js';
import { TAG } from '../../../lib/time-stamp/der.js';
import { weaknessOf } from './public-key.js';
import { renderReply, renderRequest } from '../../../lib/time-stamp/reply-envelope.js';
import { schemeOf } from '../../../lib/time-stamp/signature-scheme.js';
import { checkSignedAttributes } from './signed-attributes.js';
import { readReply, type Token } from '../../../lib/time-stamp/token.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';
import { canonicalSignature, verifySignature } from './verify-signature.js';

export interface TokenInput {
  /** SHA-256 of what was stamped. */
  readonly imprint: Uint8Array;
  readonly query: Uint8Array;
  readonly reply: Uint8Array;
}

/** A token whose signature is good. Whether anybody vouches for its certificate is a question of its own. */
export interface CheckedToken {
  readonly genTimeMs: number;
  readonly accuracyMs: number | null;
  readonly certificate: Certificate;
  /** Further certificates of the answer. */
  readonly others: readonly Certificate[];
  /** Whether it stands in the envelope of exhibit/1, in which no byte can change unnoticed. */
  readonly isCanonical: boolean;
}

/** The certificates of the token, the one that signed first. */
function certificatesOf({ certificates, signerId }: Token): [Certificate, ...Certificate[]] {
  if (certificates.length === 0) throw new TokenProblem('it brings no certificate');
  const read = certificates.map(readCertificate);
  const signer = read.find(({ issuer, serial, extensions }) =>
    'keyId' in signerId
      ? extensions.subjectKeyId !== null && areSame(extensions.subjectKeyId, signerId.keyId)
      : areSame(issuer, signerId.issuer) && areSame(serial, signerId.serial),
  );
  if (signer === undefined) throw new TokenProblem('it does not bring the certificate that signed it');
  return [signer, ...read.filter((other) => other !== signer && !areSame(other.bytes, signer.bytes))];
}

async function assertSignature(token: Token, certificate: Certificate): Promise<void> {
  const hash = hashOf(token.digestAlgorithm);
  const weakness = weaknessOf(certificate.key);
  if (weakness !== null) throw new TokenProblem(weakness);
  await checkSignedAttributes(token.signedAttributes, { infoBytes: token.infoBytes, hash, certificate });
  const message = token.signedAttributes.bytes.slice();
  message[0] = TAG.set;
  const scheme = schemeOf(token.signatureAlgorithm);
  if (!(await verifySignature({ scheme, hash, key: certificate.key }, message, token.signature)))
    throw new TokenProblem('its signature is wrong');
}

function assertAnswers({ info }: Token, { imprint, query }: TokenInput): void {
  if (!areSame(info.imprint, imprint)) throw new TokenProblem('it is over other bytes');
  if (info.nonce === null) throw new TokenProblem('it carries no nonce');
  if (!areSame(renderRequest(imprint, info.nonce), query)) throw new TokenProblem('it answers another request');
}

/**
 * Everything that can be judged without knowing whom to trust: a granted token over these bytes, that answers this request, signed by
 * the certificate it binds, which is for time-stamping. Bounded in size and steps. Throws `TokenProblem`, and `CannotCheck` where this
 * browser lacks what it takes.
 */
export async function checkToken(input: TokenInput): Promise<CheckedToken> {
  const token = readReply(input.reply);
  assertAnswers(token, input);
  const [certificate, ...others] = certificatesOf(token);
  assertPurpose(certificate);
  assertAuthority(token.info.authority, certificate);
  await assertSignature(token, certificate);
  const signature = canonicalSignature(certificate.key, token.signature);
  const isCanonical = areSame(renderReply(token, certificate, signature), input.reply);
  const { genTimeMs, accuracyMs } = token.info;
  return { genTimeMs, accuracyMs, certificate, others, isCanonical };
}
