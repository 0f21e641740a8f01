import { open } from 'node:fs/promises';
import { readPem } from '../evidence/timestamp/pem.js';
import type { TsaRoots } from '../evidence/verify/time-check.js';
import { areSame } from '../lib/bytes.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

/** More than a system's whole list of authorities has. */
const MAX_BYTES = 1024 * 1024;

/** Roots of time-stamping authorities that the user names. Throws `USAGE_INVALID` for what cannot be read or holds no certificate. */
export async function readTsaRoots(path: string): Promise<TsaRoots> {
  const text = await readText(path);
  const { certificates, unusable } = readPem(text);
  if (certificates.some(({ issuer, subject }) => areSame(issuer, subject))) return { source: path, text };
  const none = unusable > 0 ? 'none of its certificates can be read' : 'it holds no certificate in PEM';
  const found = certificates.length > 0 ? 'none of its certificates is a root, which signs itself' : none;
  throw new ExhibitError(
    'USAGE_INVALID',
    `the file with the roots of time-stamping authorities cannot be used: ${found}`,
    {
      subject: path,
      hints: [`openssl x509 -in ${path} -noout -subject -issuer`],
    },
  );
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
      if (bytesRead <= MAX_BYTES) return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ExhibitError(
      'USAGE_INVALID',
      `the file with the roots of time-stamping authorities cannot be read: ${errnoOf(error) ?? 'unknown error'}`,
      { subject: path, cause: error },
    );
  }
  throw new ExhibitError('USAGE_INVALID', `a file of roots has at most ${String(MAX_BYTES)} bytes`, { subject: path });
}
