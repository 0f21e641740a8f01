import { type Certificate, readCertificate } from './certificate.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

const BLOCK = /-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]{1,32768})-----END CERTIFICATE-----/g;
/** More than any system's whole list of authorities has. */
const MAX_CERTIFICATES = 1000;

export interface CertificateList {
  readonly certificates: readonly Certificate[];
  /** Blocks that are no certificate we can read. */
  readonly unusable: number;
}

/** Certificates of a PEM text; anything between the blocks is ignored, as everywhere. */
export function readPem(text: string): CertificateList {
  const certificates: Certificate[] = [];
  let unusable = 0;
  for (const [, base64 = ''] of text.matchAll(BLOCK)) {
    if (certificates.length + unusable >= MAX_CERTIFICATES) break;
    try {
      certificates.push(readCertificate(Buffer.from(base64.replaceAll(/\s/g, ''), 'base64')));
    } catch (error) {
      if (!(error instanceof TokenProblem)) throw error;
      unusable += 1;
    }
  }
  return { certificates, unusable };
}

export function renderPem(certificates: readonly Certificate[]): string {
  return certificates
    .map(({ bytes }) => {
      const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
      return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
    })
    .join('');
}
