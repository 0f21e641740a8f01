import type { Receipt } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import type { GivenTrust } from '../evidence/allowed-signers.js';
import type { OpenedArchive } from '../evidence/open-archive.js';
import { verifyArchive } from '../evidence/verify/verify-archive.js';
import type { Clock } from '../ports/clock.js';
import { readLaterTokens } from '../evidence/later-tokens.js';
import { readGivenReceipt } from './read-given-receipt.js';
import { readTsaRoots } from './read-tsa-roots.js';

export interface VerifyRequest {
  readonly archivePath: string;
  /** Opens it where it is encrypted; default: as a file that is not. */
  readonly open?: ((path: string) => Promise<OpenedArchive>) | undefined;
  /** OpenSSH allowed_signers; `null` = no trust was given, so no signer can be trusted. */
  readonly allowedSigners: GivenTrust | null;
  readonly receiptPath: string | null;
  /** What stands there, where it was read already: a pipe can be read once. */
  readonly receipt?: Receipt | undefined;
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
  const { receiptPath } = request;
  const receipt = request.receipt ?? (receiptPath === null ? null : await readGivenReceipt(receiptPath));
  const { tsaCaPath = null } = request;
  return await verifyArchive({
    archivePath: request.archivePath,
    open: request.open,
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
