import type { CustodyData, CustodyEventKind, CustodyVerdict } from './post-seal-custody.js';

/** Who signed: by name where a trust list vouches for the key. Texts of a form are as they were written; escape them where shown. */
export interface CustodySignatory {
  readonly principal: string | null;
  readonly fingerprint: string;
}

/** One line of the record. */
export interface CustodyFormEvent {
  readonly seq: number;
  readonly event: CustodyEventKind;
  readonly at: string;
  /** `null` = nobody: the signature is missing or does not fit. */
  readonly signedBy: CustodySignatory | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly location: string | null;
  readonly purpose: string | null;
  readonly authority: string | null;
  readonly remarks: string | null;
  /** What belongs to the kind of event; of a long value, as of a token, only its length. */
  readonly data: CustodyData;
  /** What the check of the archive said just before; `null` = it was not checked. */
  readonly verdict: string | null;
  /** SHA-256 of the event file. */
  readonly sha256: string;
}

/** A hand-over: the releaser's event and, once it is there, the receiver's. */
export interface CustodyFormTransfer {
  readonly releasedBy: string | null;
  readonly receivedBy: string | null;
  readonly releasedAt: string;
  readonly receivedAt: string | null;
  readonly purpose: string | null;
  readonly releaserSignature: CustodySignatory | null;
  readonly receiverSignature: CustodySignatory | null;
  /** Whether the receiver checked the hashes again, and with which verdict. */
  readonly verifiedByReceiver: string | null;
}

/** A form of chain of custody as data: what a paper form for an exhibit asks for, in its order. `null` = not known or not stated. */
export interface CustodyForm {
  readonly caseNumber: string | null;
  readonly itemNumber: string;
  readonly description: string;
  /** Where the evidence came from: API server and identity of the cluster. */
  readonly source: string | null;
  readonly collectedBy: string | null;
  /** RFC 3339, UTC. */
  readonly collectedAt: string | null;
  /** The machine that collected. */
  readonly place: string | null;
  /** Program, version, digest. */
  readonly method: string | null;
  readonly authority: string | null;
  /** Completeness as the archive states it. */
  readonly condition: string | null;
  readonly classification: string | null;
  readonly hold: string | null;
  readonly hashes: readonly { readonly of: string; readonly algorithm: 'SHA-256'; readonly value: string }[];
  /** Fingerprint of the key of the seal; it stands for the number of a paper seal. */
  readonly sealedBy: string | null;
  /** As the newest event that names one says. */
  readonly storageLocation: string | null;
  readonly transfers: readonly CustodyFormTransfer[];
  readonly events: readonly CustodyFormEvent[];
  readonly disposition: CustodyFormEvent | null;
  /** On the record itself; what is wrong with it stands in `remarks`. */
  readonly recordVerdict: CustodyVerdict;
  readonly remarks: readonly string[];
}
