import type { Io } from '../ports/io.js';
import type { AddedSeals } from './add-seals.js';
import type { SealPolicy } from './seal-statement.js';
import type { StoredToken } from './timestamp/get-token.js';
import type { TsaRoots } from './verify/time-check.js';

/** For the reading back: whose tokens they are is not judged at the seal, only that they are whole and fit. */
export function whoAnswered(tokens: readonly StoredToken[]): TsaRoots {
  return {
    source: 'the authorities that answered',
    text: tokens.map(({ chain }) => chain).join(''),
    isPartialEnough: true,
  };
}

export interface TokensToAnnounce {
  readonly io: Io;
  readonly policy: SealPolicy;
  readonly archivePath: string;
  readonly written: AddedSeals;
}

/** Each token that came and each that did not; and, when the policy asks for one and none came, how to get it later. */
export function announceTokens({ io, policy, archivePath, written }: TokensToAnnounce): void {
  const { tokens, failures } = written;
  for (const { url, genTime, authority } of tokens)
    io.emit('SEAL_STAMPED', `stamped ${genTime} by ${authority}`, { url, genTime, authority });
  for (const { url, reason } of failures)
    io.emit('SEAL_NOT_STAMPED', `no token from ${url}: ${reason}`, { url, reason });
  if (!policy.requireTimestamp || tokens.length > 0) return;
  io.emit('SEAL_TIME_MISSING', 'sealed WITHOUT a time-stamp: the verdict stays INTACT_UNTIMESTAMPED until one is got', {
    archive: archivePath,
    asked: failures.map(({ url }) => url),
  });
}
