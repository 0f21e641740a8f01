import { type KeyObject, X509Certificate } from 'node:crypto';
import { areSame } from '../../lib/bytes.js';
import { readAlgorithm } from '../../lib/time-stamp/algorithm.js';
import { type CertificateExtensions, readExtensions } from '../../lib/time-stamp/certificate-extensions.js';
import { contextTag, integerBytes, membersOf, readOne, TAG } from '../../lib/time-stamp/der.js';
import { readTime } from '../../lib/time-stamp/instants.js';
import { schemeOf } from '../../lib/time-stamp/signature-scheme.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

/** One X.509 certificate, read and not yet judged. */
export interface Certificate {
  readonly bytes: Buffer;
  /** DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: CertificateExtensions;
  readonly key: KeyObject;
  /** For people: common name or organisation, as the certificate says; hostile text. */
  readonly name: string;
  /** Signed by that one's key, with an algorithm that is accepted. */
  isSignedBy(issuer: Certificate): boolean;
}

function nameOf(subject: string): string {
  const parts = new Map(subject.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line]));
  const line = parts.get('CN') ?? parts.get('O') ?? subject;
  return line.slice(line.indexOf('=') + 1).slice(0, 200);
}

function nodeCertificate(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new TokenProblem('a certificate that cannot be read');
  }
}

function keyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch {
    throw new TokenProblem('a certificate with a key that cannot be read');
  }
}

/** Throws `TokenProblem`. Nothing of it is believed before a chain was judged. */
export function readCertificate(bytes: Buffer): Certificate {
  const outer = membersOf(readOne(bytes, TAG.sequence, 'a certificate'), TAG.sequence, 'a certificate');
  const body = outer.take(TAG.sequence);
  const outerAlgorithm = outer.take(TAG.sequence);
  outer.take(TAG.bitString);
  outer.end();
  const members = membersOf(body, TAG.sequence, 'a certificate');
  members.optional(contextTag(0));
  const serial = integerBytes(members.take(TAG.integer));
  const innerAlgorithm = members.take(TAG.sequence);
  const issuer = members.take(TAG.sequence).bytes;
  const validity = membersOf(members.take(TAG.sequence), TAG.sequence, 'a validity');
  const takeTime = (): number => readTime(validity.optional(TAG.utcTime) ?? validity.take(TAG.generalizedTime));
  const [notBeforeMs, notAfterMs] = [takeTime(), takeTime()];
  const subject = members.take(TAG.sequence).bytes;
  members.take(TAG.sequence);
  members.optional(0x81);
  members.optional(0x82);
  const extensions = readExtensions(members.optional(contextTag(3)));
  members.end();
  const parsed = nodeCertificate(bytes);
  const isSignedBy = (other: Certificate): boolean => {
    try {
      if (!areSame(outerAlgorithm.bytes, innerAlgorithm.bytes)) return false;
      schemeOf(readAlgorithm(outerAlgorithm));
      return parsed.verify(other.key);
    } catch {
      return false;
    }
  };
  const key = keyOf(parsed);
  const name = nameOf(parsed.subject);
  return { bytes, issuer, subject, serial, notBeforeMs, notAfterMs, extensions, key, name, isSignedBy };
}
