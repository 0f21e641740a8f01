import type { Completeness } from './outcome.js';
import type { Kind, Statement } from './exhibit.js';

/** In the order of precedence: when several fit, the first wins. */
export const VERDICTS = [
  'TAMPERED',
  'UNDETERMINED',
  'INTACT_UNSEALED',
  'UNTRUSTED_SIGNER',
  'INTACT_UNTIMESTAMPED',
  'VERIFIED_PARTIAL',
  'VERIFIED',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export const CHECKS = [
  'container',
  'grammar',
  'closure',
  'hashes',
  'counts',
  'chain',
  'statement',
  'signature',
  'time',
  'receipt',
] as const;
export type CheckName = (typeof CHECKS)[number];

export interface CheckResult {
  readonly check: CheckName;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped; what was compared when it passed. */
  readonly detail: string;
}

/** One thing that is not as it must be. `path` is inside the archive, or empty for the container. */
export interface Finding {
  readonly check: CheckName;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** One RFC 3161 token over the signature, in the archive or got later. */
export interface TimestampReport {
  /** In the archive, or of the custody event that holds it. */
  readonly path: string;
  /** `passed` only where its certificate leads to a root from outside; `skipped` where no root was given. */
  readonly result: CheckResult['result'];
  /** Why it failed or was skipped; empty when it passed. */
  readonly detail: string;
  /** RFC 3339 UTC; `null` when it could not be read. */
  readonly genTime: string | null;
  /** How far the authority says that it may be off; `null` = not stated. */
  readonly accuracyMs: number | null;
  /** As the certificate that signed it says; escaped. */
  readonly authority: string | null;
  /** Of the answer as it is stored. */
  readonly sha256: string;
}

/** The age file that an archive was read out of. */
export interface CiphertextReport {
  readonly sha256: string;
  /** What the receipt says of it: `not stated` by one of a seal that did not encrypt, `no receipt` where none was given. */
  readonly receipt: 'matches' | 'differs' | 'not stated' | 'no receipt';
}

export interface VerifyReport {
  readonly archive: string;
  /** Only where it was encrypted. */
  readonly ciphertext?: CiphertextReport;
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly checks: readonly CheckResult[];
  /** At most 100; `findingsTotal` counts all. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  readonly containerSha256: string | null;
  readonly tagmanifestSha256: string | null;
  readonly kind: Kind | null;
  readonly completeness: Completeness | null;
  /** `null` when the statement could not be read. */
  readonly statement: Statement | null;
  /** Who signed, as found in the signature: `SHA256:...` fingerprint and, if trusted, the principal. */
  readonly signer: { readonly fingerprint: string; readonly principal: string | null } | null;
  /** Gaps in the ledger, as far as it could be read. */
  readonly gaps: number;
  readonly timestamps: readonly TimestampReport[];
  /** What is no finding and must be looked at all the same, such as clocks that contradict each other. */
  readonly alarms: readonly string[];
  /** The one line for people: verdict, kind, completeness, what was skipped. */
  readonly line: string;
}
