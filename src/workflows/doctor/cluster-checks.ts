import { parseInstant } from '../../lib/clock.js';
import { parseJson, stringAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { type ObservedIdentity, observeIdentity } from '../observe-identity.js';
import { type Check, check, looked } from './check.js';

/** An offset beyond it makes the times of evidence hard to compare. */
const MAX_OFFSET_MS = 5_000;
const SOON_MS = 3_600_000;

async function versionCheck(cluster: ClusterReader): Promise<readonly Check[]> {
  return await looked({ id: 'cluster', subject: cluster.facts.server, onError: 'fails' }, async () => {
    const answer = await cluster.get({ path: '/version', kind: 'small' });
    const version = stringAt(parseJson(answer.body), 'gitVersion');
    if (answer.status === 401)
      throw new ExhibitError('CLUSTER_UNAUTHENTICATED', 'the API server does not accept the credential', {
        hints: ['kubectl auth whoami'],
      });
    if (answer.status === 200 && version !== undefined)
      return {
        state: 'works',
        reason: `Kubernetes ${version} answers${cluster.facts.insecure ? '; its certificate is not checked' : ''}`,
      };
    return {
      state: 'unknown',
      reason: `an API server answers and does not tell its version (${String(answer.status)})`,
    };
  });
}

function identityCheck({ apiIdentity, unknownBecause }: ObservedIdentity): Check {
  if (apiIdentity === null)
    return check('identity', 'who we are', { state: 'degraded', reason: unknownBecause ?? 'the server does not say' });
  const groups = apiIdentity.groups.slice(0, 5).join(', ');
  return check('identity', apiIdentity.username, {
    state: 'works',
    reason: `in ${groups === '' ? 'no group' : groups}`,
  });
}

function clockCheck({ clock }: ObservedIdentity): Check {
  const subject = 'clocks of this machine and of the API server';
  if (clock === null) return check('clock', subject, { state: 'degraded', reason: 'the API server gave no time' });
  const { offsetMinMs, offsetMaxMs } = clock;
  const beyond = offsetMinMs > MAX_OFFSET_MS || offsetMaxMs < -MAX_OFFSET_MS;
  return check('clock', subject, {
    state: beyond ? 'degraded' : 'works',
    reason: `the server is ahead by between ${String(offsetMinMs)} and ${String(offsetMaxMs)} ms`,
    ...(beyond ? { remedy: 'timedatectl status' } : {}),
  });
}

/** Server, version, who we are, and how far the clocks are apart. What ends a run ends the look, and is a check that fails. */
export async function clusterChecks(
  cluster: ClusterReader,
): Promise<{ readonly checks: readonly Check[]; readonly identity: ObservedIdentity | null }> {
  const version = await versionCheck(cluster);
  if (version.some(({ state }) => state === 'fails')) return { checks: version, identity: null };
  const seen: { identity: ObservedIdentity | null } = { identity: null };
  const checks = await looked({ id: 'identity', subject: 'who we are', onError: 'fails' }, async () => {
    seen.identity = await observeIdentity(cluster, 'open');
    return [identityCheck(seen.identity), clockCheck(seen.identity)];
  });
  return { checks: [...version, ...checks], identity: seen.identity };
}

/** Until when the credential is valid; the text is of a certificate or token and untrusted. */
export interface CredentialExpiry {
  readonly kind: string;
  /** `null` = it does not say, or it is renewed by itself. */
  readonly expiresAt: string | null;
  readonly isRenewed: boolean;
}

export function credentialCheck({ kind, expiresAt, isRenewed }: CredentialExpiry, nowMs: number): Check {
  const at = expiresAt === null ? null : parseInstant(expiresAt);
  if (at === null || expiresAt === null)
    return check('credential', kind, {
      state: isRenewed ? 'works' : 'unknown',
      reason: isRenewed ? 'it is renewed by itself' : 'it does not say until when it is valid',
    });
  const left = at - nowMs;
  const minutes = String(Math.max(0, Math.floor(left / 60_000)));
  if (left <= 0)
    return check('credential', kind, { state: 'fails', reason: `it ended at ${expiresAt}`, remedy: 'Log in again' });
  return check('credential', kind, {
    state: left < SOON_MS && !isRenewed ? 'degraded' : 'works',
    reason: `valid until ${expiresAt}, ${minutes} minutes from now${isRenewed ? ', and renewed by itself' : ''}`,
    ...(left < SOON_MS && !isRenewed ? { remedy: 'Log in again before you begin' } : {}),
  });
}
