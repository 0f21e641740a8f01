import { ExhibitError } from '../model/errors.js';
import type { Receipt, Statement } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import { savedCustodyTokens } from '../evidence/custody-tokens.js';
import type { CaseStore } from '../evidence/case-store.js';
import { sealExhibit, type SealedExhibit } from '../evidence/seal-exhibit.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import { assertNoCopy } from './assert-no-copy.js';
import { settleVolumeGaps } from './snapshot/volume-gaps.js';

export interface SealRequest {
  readonly caseId: string;
  readonly classification: string | null;
}

export interface SealDeps {
  readonly store: CaseStore;
  readonly signer: Signer;
  /** Their signatures are required by the signed policy, too. */
  readonly countersigners: readonly Signer[];
  /** Each is asked for a token. The signed policy then requires one; that none of them answers does not stop the seal. */
  readonly timestampers: readonly Timestamper[];
  readonly clock: Clock;
  readonly io: Io;
  /** CycloneDX JSON of this program. */
  readonly sbom: Buffer;
  readonly signal: AbortSignal;
}

export interface SealSummary {
  readonly archivePath: string;
  readonly receiptPath: string;
  readonly receipt: Receipt;
  readonly statement: Statement;
  readonly report: VerifyReport;
  readonly timestamps: SealedExhibit['timestamps'];
  readonly timestampFailures: SealedExhibit['timestampFailures'];
}

/**
 * Closes the case's open exhibit, whatever state a crash left it in. Throws `NOTHING_TO_SEAL`, `USAGE_INVALID` for a redacted copy,
 * which derive alone seals, `SEAL_HASH_MISMATCH`, `STORAGE_*`.
 */
export async function seal(request: SealRequest, deps: SealDeps): Promise<SealSummary> {
  const openCase = await deps.store.open(request.caseId);
  try {
    const exhibit = await openCase.exhibit();
    if (exhibit === null) {
      throw new ExhibitError('NOTHING_TO_SEAL', `case ${request.caseId} has no open exhibit`, {
        subject: request.caseId,
        hints: ['exhibit collect --node NAME', 'exhibit case show'],
      });
    }
    try {
      assertNoCopy(exhibit);
      return await sealExhibit({
        openCase,
        exhibit,
        signer: deps.signer,
        clock: deps.clock,
        io: deps.io,
        countersigners: deps.countersigners,
        timestampers: deps.timestampers,
        policy: {
          // What was begun with an authority's time must not end without one unnoticed.
          requireTimestamp: deps.timestampers.length > 0 || (await savedCustodyTokens(exhibit.layout)).length > 0,
          requireSigners: 1 + deps.countersigners.length,
        },
        classification: request.classification,
        settle: async () => await settleVolumeGaps(exhibit, deps.clock),
        sbom: deps.sbom,
        signal: deps.signal,
      });
    } finally {
      await exhibit.close();
    }
  } finally {
    await openCase.release();
  }
}
