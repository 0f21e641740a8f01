import { areSame } from '../bytes.js';
import { type CertificateExtensions, USAGE } from './certificate-extensions.js';
import { type Der, DIRECTORY_NAME } from './der.js';
import { OID } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

/** What the rules of a chain ask of a certificate. Times in milliseconds since 1970. */
export interface RuledCertificate {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: CertificateExtensions;
  /** For people. */
  readonly name: string;
}

export const isSelfIssued = ({ issuer, subject }: RuledCertificate): boolean => areSame(issuer, subject);

/** What keeps a certificate out of any chain at that time, but for the strength of its key; `null` = nothing. */
export function problemAt(
  { extensions, notBeforeMs, notAfterMs, name }: RuledCertificate,
  atMs: number,
): string | null {
  if (atMs < notBeforeMs || atMs > notAfterMs) return `the certificate ${name} was not valid at that time`;
  if (extensions.unknownCritical !== null)
    return `the certificate ${name} has a critical extension that is not known (${extensions.unknownCritical})`;
  return extensions.limitsNames ? `the certificate ${name} limits names, which is not supported` : null;
}

/** What keeps a certificate from having issued another, with that many authorities in between; `null` = nothing. */
export function authorityProblem(
  { extensions, name }: RuledCertificate,
  below: number,
  isAnchor: boolean,
): string | null {
  const { isAuthority, keyUsage, pathLength, extendedKeyUsage } = extensions;
  // Roots of the nineties have no extensions at all; whoever lists one vouches for it.
  const isOldRoot = isAnchor && keyUsage === null && extendedKeyUsage === null && pathLength === null;
  if (!isAuthority && !isOldRoot) return `the certificate ${name} is no authority`;
  if (keyUsage !== null && !keyUsage.has(USAGE.keyCertSign))
    return `the certificate ${name} must not sign certificates`;
  if (pathLength !== null && below > pathLength) return `the certificate ${name} allows no chain of that length`;
  return null;
}

/** The purpose is time-stamping and nothing else, and whoever does not know purposes must refuse the certificate: RFC 3161, 2.3. */
export function assertPurpose({ extensions }: Pick<RuledCertificate, 'extensions'>): void {
  const { extendedKeyUsage, keyUsage } = extensions;
  const [purpose, ...more] = extendedKeyUsage?.purposes ?? [];
  if (purpose !== OID.timeStamping || more.length > 0)
    throw new TokenProblem('the certificate is not for time-stamping and nothing else');
  if (extendedKeyUsage?.critical !== true) throw new TokenProblem('the purpose of the certificate is not critical');
  const signing: readonly number[] = [USAGE.digitalSignature, USAGE.nonRepudiation];
  if (keyUsage !== null && (keyUsage.size === 0 || [...keyUsage].some((bit) => !signing.includes(bit))))
    throw new TokenProblem('the key of the certificate is not for signing alone');
}

/** A token may name its authority; then it is the one of the certificate. Throws `TokenProblem`. */
export function assertAuthority(authority: Der | null, { subject, extensions }: RuledCertificate): void {
  if (authority === null) return;
  const isSubject = authority.tag === DIRECTORY_NAME && areSame(authority.content, subject);
  const isAlternative = extensions.alternativeNames.some((name) => areSame(authority.bytes, name));
  if (!isSubject && !isAlternative) throw new TokenProblem('it names another authority than its certificate');
}
