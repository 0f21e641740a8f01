import { createHash, X509Certificate } from 'node:crypto';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { NulRows } from '../nul-rows.js';

const MAX_CERTIFICATES = 64;
const MAX_TEXT = 1000;
const BLOCK = /-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n\r]{1,200000})-----END CERTIFICATE-----/g;

/** What a certificate says of itself; whether anybody vouches for it was not checked. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly subjectAltName: string;
  readonly keyUsage: readonly string[];
  readonly isAuthority: boolean;
  readonly keyType: string;
  readonly sha256: string;
  /** The certificate itself, DER in base64: public by nature. */
  readonly derB64: string;
}

const short = (text: string | undefined): string => escapeForTerminal((text ?? '').replaceAll('\n', ', '), MAX_TEXT);

function factsOf(base64: string): CertificateFacts | null {
  try {
    const der = Buffer.from(base64, 'base64');
    const certificate = new X509Certificate(der);
    return {
      subject: short(certificate.subject),
      issuer: short(certificate.issuer),
      serialNumber: short(certificate.serialNumber),
      validFrom: short(certificate.validFrom),
      validTo: short(certificate.validTo),
      subjectAltName: short(certificate.subjectAltName),
      keyUsage: ((certificate.keyUsage as string[] | undefined) ?? []).map(short),
      isAuthority: certificate.ca,
      keyType: short(certificate.publicKey.asymmetricKeyType),
      // What was parsed, which may be less than what stood there: nothing else is kept.
      sha256: createHash('sha256').update(certificate.raw).digest('hex'),
      derB64: certificate.raw.toString('base64'),
    };
  } catch {
    return null;
  }
}

/** The certificates in a PEM text, in order, at most 64. Whatever else stands there is dropped, a key above all. */
export function certificatesOf(pem: string): readonly CertificateFacts[] {
  return [...pem.matchAll(BLOCK)]
    .slice(0, MAX_CERTIFICATES)
    .map(([, base64 = '']) => factsOf(base64))
    .filter((facts) => facts !== null);
}

/** Reads what the certificate script prints. By absolute path, Latin-1. */
export class CertificateRows {
  readonly byPath = new Map<string, readonly CertificateFacts[]>();
  readonly #rows = new NulRows(2, ([name, pem]) => {
    if (name === undefined || pem === undefined) return;
    this.byPath.set(`/${name.toString('latin1')}`, certificatesOf(pem.toString('latin1')));
  });

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }

  get isSound(): boolean {
    return this.#rows.isBetweenRows && !this.#rows.isBroken;
  }
}
