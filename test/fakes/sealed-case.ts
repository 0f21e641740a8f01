import { join } from 'node:path';
import type { CaseStore } from '../../src/evidence/case-store.js';
import type { ExhibitSpool } from '../../src/evidence/exhibit-spool.js';
import { sealExhibit, type SealedExhibit } from '../../src/evidence/seal-exhibit.js';
import { systemClock } from '../../src/lib/clock.js';
import type { Signer } from '../../src/ports/signer.js';
import { memorySigner, newExhibit, OPENING, quietIo, SBOM, temporaryStore } from './evidence-case.js';

export interface SealedCase {
  readonly store: CaseStore;
  /** Of everything; the caller removes it. */
  readonly home: string;
  readonly signer: Signer;
  /** allowed_signers text that trusts the signer for seals and custody. */
  readonly trust: string;
  readonly sealed: SealedExhibit;
}

/** A case with one sealed exhibit, made by the product itself; `collect` puts into it what it is to hold. */
export async function sealedCase(
  collect: (exhibit: ExhibitSpool) => Promise<void>,
  options: { readonly partBytes?: number } = {},
): Promise<SealedCase> {
  const { store, home } = temporaryStore(options);
  const signer = memorySigner();
  const { openCase, exhibit } = await newExhibit(store);
  try {
    await exhibit.writeOpening(OPENING);
    await collect(exhibit);
    const sealed = await sealExhibit({
      openCase,
      exhibit,
      signer,
      clock: systemClock,
      io: quietIo,
      policy: { requireTimestamp: false, requireSigners: 1 },
      sbom: SBOM,
      ...options,
    });
    await exhibit.close();
    return { store, home: join(home), signer, trust: `tester ${signer.publicKey}\n`, sealed };
  } finally {
    await openCase.release();
  }
}
