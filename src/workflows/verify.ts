import type { VerifyReport } from '../model/verdict.js';
import type { GivenTrust } from '../evidence/allowed-signers.js';
import { verifyArchive } from '../evidence/verify/verify-archive.js';
import type { Clock } from '../ports/clock.js';
import { readLaterTokens } from '../evidence/later-tokens.js';
import { readGivenReceipt } from './read-given-receipt.js';
import { readTsaRoots } from './read-tsa-roots.js';

export interface VerifyRequest {
  readonly archivePath: string;
  /** OpenSSH allowed_signers; `null` = no trust was given, so no signer can be trusted. */
  readonly allowedSigners: GivenTrust | null;
  readonly receiptPath: string | null;
  readonly requireComplete: boolean;
  /** PEM file with the roots of time-stamping authorities; where it is given, a token that leads to one of them must be there. */
  readonly tsaCaPath?: string | null;
  /** As if the signed policy asked for a token. */
  readonly requireTimestamp?: boolean;
  /** Is handed what a further token is to be over, when the archive is signed. */
  readonly onToStamp?: (bytes: Buffer) => void;
}

/** Checks an archive without unpacking it. A bad archive is a verdict, not an error; throws only for what cannot be opened. */
export async function verify(
  request: VerifyRequest,
  deps: { readonly clock: Clock; readonly scratchDirectory: string },
): Promise<VerifyReport> {
  const receipt = request.receiptPath === null ? null : await readGivenReceipt(request.receiptPath);
  const { tsaCaPath = null } = request;
  return await verifyArchive({
    archivePath: request.archivePath,
    allowedSigners: request.allowedSigners,
    receipt,
    requireComplete: request.requireComplete,
    tsaRoots: tsaCaPath === null ? null : await readTsaRoots(tsaCaPath),
    requireTimestamp: request.requireTimestamp ?? false,
    laterTokens: (exhibit) => readLaterTokens({ archivePath: request.archivePath, exhibit, nowMs: deps.clock.nowMs() }),
    now: deps.clock.nowMs(),
    scratchDirectory: deps.scratchDirectory,
    ...(request.onToStamp === undefined ? {} : { onToStamp: request.onToStamp }),
  });
}
