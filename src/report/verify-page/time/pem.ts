import { fromBase64 } from '../../../lib/bytes.js';
import { type Certificate, readCertificate } from './certificate.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';

const BLOCK = /-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]{1,32768})-----END CERTIFICATE-----/g;
/** More than any system's whole list of authorities has. */
const MAX_CERTIFICATES = 1000;

function certificateOf(base64: string): Certificate | null {
  const bytes = fromBase64(base64.replaceAll(/\s/g, ''));
  if (bytes === null) return null;
  try {
    return readCertificate(bytes);
  } catch (error) {
    if (error instanceof TokenProblem) return null;
    throw error;
  }
}

/** Certificates of a PEM text; anything between the blocks, and blocks that cannot be read, are passed over. */
export function readPem(text: string): readonly Certificate[] {
  const blocks = [...text.matchAll(BLOCK)].slice(0, MAX_CERTIFICATES);
  return blocks.map(([, base64 = '']) => certificateOf(base64)).filter((certificate) => certificate !== null);
}
