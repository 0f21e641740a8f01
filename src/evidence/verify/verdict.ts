import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { NOT_STATED } from '../../model/case.js';
import type { Statement } from '../../model/exhibit.js';
import type { CheckResult, CiphertextReport, TimestampReport, Verdict } from '../../model/verdict.js';
import type { CheckedSigner } from './seal-check.js';
import { provenBy } from './time-check.js';

export interface VerdictFacts {
  readonly findings: number;
  /** Why a check that must run could not; `null` when all ran. */
  readonly undetermined: string | null;
  /** Signers whose signature is good, each key once. */
  readonly signers: readonly CheckedSigner[];
  readonly statement: Statement | null;
  readonly timestamps: readonly TimestampReport[];
  /** By the reader; the signed policy may ask for it as well. */
  readonly isTimeAskedFor: boolean;
}

/** Whether a token that passes must be there. */
export function isTimeRequired({
  statement,
  isTimeAskedFor,
}: Pick<VerdictFacts, 'statement' | 'isTimeAskedFor'>): boolean {
  return isTimeAskedFor || statement?.policy.requireTimestamp === true;
}

/** The first verdict that fits, in the order of precedence of the format. */
export function decideVerdict(facts: VerdictFacts): Verdict {
  const { findings, undetermined, signers, statement, timestamps } = facts;
  if (findings > 0) return 'TAMPERED';
  if (undetermined !== null || statement === null) return 'UNDETERMINED';
  const required = statement.policy.requireSigners;
  if (signers.length < required) return 'INTACT_UNSEALED';
  if (signers.filter(({ principal }) => principal !== null).length < required) return 'UNTRUSTED_SIGNER';
  if (isTimeRequired(facts) && provenBy(timestamps) === null) return 'INTACT_UNTIMESTAMPED';
  return statement.completeness === 'complete' ? 'VERIFIED' : 'VERIFIED_PARTIAL';
}

/** The exit status of `verify` for a verdict. */
export function exitCodeOf(verdict: Verdict, requireComplete: boolean): number {
  if (verdict === 'VERIFIED') return 0;
  if (verdict === 'VERIFIED_PARTIAL') return requireComplete ? 3 : 0;
  return 4;
}

export interface LineFacts extends VerdictFacts {
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  readonly gaps: number;
  /** From the findings: the first one, escaped. */
  readonly firstFinding: string | null;
  /** `null` = it was not encrypted. */
  readonly ciphertext: CiphertextReport | null;
}

/** The one line for people: an authority that was not stated first, the verdict, kind, completeness, signer, and all that was not checked. */
export function renderVerdictLine(facts: LineFacts): string {
  const { verdict, statement } = facts;
  const authority = statement?.authority === NOT_STATED ? `Authority ${NOT_STATED}. ` : '';
  const clauses = [
    whatItIs(statement, facts.gaps),
    WHY[verdict](facts),
    readOutOf(facts),
    whoSigned(facts),
    whenSigned(facts),
    notChecked(facts.checks),
  ];
  return `${authority}${verdict}: ${clauses.filter((clause) => clause !== '').join('; ')}.`;
}

function whatItIs(statement: Statement | null, gaps: number): string {
  if (statement === null) return 'no statement could be read';
  const gapText = gaps === 0 ? '' : ` (${String(gaps)} ${gaps === 1 ? 'gap' : 'gaps'} in the ledger)`;
  return `${statement.kind} exhibit ${statement.exhibitId}, ${statement.completeness}${gapText}${copyText(statement)}`;
}

/** What somebody must not overlook who believes to have the evidence itself before them. */
function copyText({ derivedFrom }: Statement): string {
  if (derivedFrom === undefined) return '';
  const { exhibitId, tagmanifestSha256, redactions } = derivedFrom;
  const count = `${String(redactions)} ${redactions === 1 ? 'redaction' : 'redactions'}`;
  return `; a redacted copy of ${exhibitId} (tagmanifest sha256 ${tagmanifestSha256}; ${count})`;
}

const WHY: Readonly<Record<Verdict, (facts: LineFacts) => string>> = {
  TAMPERED: ({ findings, firstFinding }) =>
    `${String(findings)} ${findings === 1 ? 'finding' : 'findings'}, first: ${firstFinding ?? ''}`,
  UNDETERMINED: ({ undetermined }) => undetermined ?? 'a check could not run',
  INTACT_UNSEALED: ({ signers, statement }) =>
    signers.length === 0
      ? 'intact but not signed'
      : `intact, but ${String(statement?.policy.requireSigners)} signers are required`,
  UNTRUSTED_SIGNER: () => 'the signature is good, but by a key that nobody vouched for from outside',
  INTACT_UNTIMESTAMPED: ({ statement }) =>
    `intact, but ${statement?.policy.requireTimestamp === true ? 'the policy asks' : 'you ask'} for a time-stamp and none that passes is there`,
  VERIFIED_PARTIAL: () => '',
  VERIFIED: () => '',
};

const OF_THE_RECEIPT: Readonly<Record<CiphertextReport['receipt'], string>> = {
  'matches': 'the one of the receipt',
  'differs': 'another than the receipt says',
  'not stated': 'of which the receipt says nothing',
  'no receipt': 'not compared with a receipt',
};

function readOutOf({ ciphertext }: LineFacts): string {
  if (ciphertext === null) return '';
  return `read out of an age file (sha256 ${ciphertext.sha256}), ${OF_THE_RECEIPT[ciphertext.receipt]}`;
}

function whoSigned({ signers }: LineFacts): string {
  const names = signers.map(
    ({ fingerprint, principal, why }) =>
      `${escapeForTerminal(principal ?? 'unknown', 200)} ${fingerprint}${why === '' ? '' : ` (${why})`}`,
  );
  return names.length === 0 ? '' : `signed by ${names.join(' and ')}`;
}

function whenSigned({ timestamps }: LineFacts): string {
  const proof = provenBy(timestamps);
  return proof === null ? '' : `signed no later than ${proof.genTime ?? ''} (time-stamp of ${proof.authority ?? ''})`;
}

function notChecked(checks: readonly CheckResult[]): string {
  const skipped = checks
    .filter(({ result }) => result === 'skipped')
    .map(({ check, detail }) => `${check} (${detail})`);
  return `not checked: ${[...skipped, 'snapshots outside the archive'].join(', ')}`;
}
