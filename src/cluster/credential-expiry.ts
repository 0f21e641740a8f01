import { X509Certificate } from 'node:crypto';
import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { integerAt, parseJson } from '../lib/untyped.js';
import type { Clock } from '../ports/clock.js';
import type { Credential } from './credential.js';
import { createCredentialSource } from './credential-source.js';
import { type ConnectionTarget, resolveTarget } from './resolve-target.js';

/** Later is no instant that RFC 3339 can say. */
const MAX_SECONDS = 253_402_300_799;

/** Of a JSON Web Token, whose signature is the server's business; `null` = it is none, or has no end. */
function tokenEndMs(authorization: string | null): number | null {
  const [, payload] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization ?? '') ?? [];
  const seconds = payload === undefined ? undefined : integerAt(parseJson(Buffer.from(payload, 'base64url')), 'exp');
  return seconds === undefined || seconds < 0 || seconds > MAX_SECONDS ? null : seconds * 1000;
}

function certificateEndMs({ certificate }: Credential): number | null {
  if (certificate === null) return null;
  try {
    return parseInstant(new X509Certificate(certificate.cert).validTo);
  } catch {
    return null;
  }
}

/**
 * Until when the credential of a target is valid, RFC 3339 UTC; `null` = it does not say. Renewed by itself is what a plugin or a file
 * gives anew. Throws as the source of the credential.
 */
export async function credentialExpiry(
  target: ConnectionTarget,
  clock: Clock,
): Promise<{ readonly kind: string; readonly expiresAt: string | null; readonly isRenewed: boolean }> {
  const connection = await resolveTarget(target);
  const { facts, user } = connection;
  const credential = await createCredentialSource(connection, clock).current();
  const ends = [tokenEndMs(credential.authorization), certificateEndMs(credential)].filter((end) => end !== null);
  return {
    kind: facts.credential,
    expiresAt: ends.length === 0 ? null : toRfc3339(Math.min(...ends)),
    isRenewed: user.exec !== null || user.tokenFile !== null,
  };
}
