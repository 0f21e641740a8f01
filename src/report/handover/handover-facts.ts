import type { CustodyForm } from '../../model/custody-form.js';
import type { Statement, Tool } from '../../model/exhibit.js';
import type { OutcomeRecord } from '../../model/outcome.js';
import type { CustodyRecord } from '../../model/post-seal-custody.js';
import type { VerifyReport } from '../../model/verdict.js';

/** One file of the package, as the manifest lists it. */
export interface PackedFile {
  /** Relative to the package, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** An event after the seal, with the digest of its file; who signed it stands in the record. */
export interface SignedEvent {
  readonly sha256: string;
  readonly record: CustodyRecord;
}

/** A line of the acquisition log as people read it. */
export interface AcquisitionLine {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  /** The members that the event adds, as `name: value` in the order of the line. */
  readonly detail: string;
}

/** What the log of the collection says, without its `item` lines: each of those is one file of the archive. */
export interface AcquisitionExtract {
  readonly lines: readonly AcquisitionLine[];
  /** Lines that are not shown because there were too many of them. */
  readonly omitted: number;
  readonly items: number;
  readonly firstItemAt: string | null;
  readonly lastItemAt: string | null;
}

/**
 * All that the documents of a package say, so that each is a function of it. Texts are untrusted, whoever wrote them: the renderers
 * escape them. Times are RFC 3339 UTC.
 */
export interface HandoverFacts {
  readonly preparedAt: string;
  /** `user@host`. */
  readonly preparedBy: string;
  /** The program that made the package and ran the check; the one that collected stands in the statement. */
  readonly tool: Tool;
  readonly recipient: string | null;
  readonly purpose: string | null;
  /** Stands at the top of every document. */
  readonly privilege: string | null;
  /** The user's own words for the case, where they may leave the machine. */
  readonly caseWords: { readonly reference: string; readonly reason: string } | null;
  readonly archive: PackedFile & {
    /** The package holds the encrypted form; the digest of the plain one is in the report. */
    readonly isEncrypted: boolean;
    readonly secretItems: number;
  };
  /** `text` is what the receipt's file holds, without its line end. */
  readonly receipt: { readonly path: string; readonly text: string; readonly wasGiven: boolean } | null;
  readonly report: VerifyReport;
  readonly statement: Statement;
  /** Where the trust in the signer came from; `null` = no list. */
  readonly trustSource: string | null;
  /** The first of them; `gapsTotal` counts all. */
  readonly gaps: readonly OutcomeRecord[];
  readonly gapsTotal: number;
  readonly acquisition: AcquisitionExtract;
  /** What happened since the seal: event by event as it was signed, and as a form. */
  readonly custody: { readonly events: readonly SignedEvent[]; readonly form: CustodyForm };
  /** Whether a copy of verify.html is in the package. */
  readonly hasVerifyPage: boolean;
}
