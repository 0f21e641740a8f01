import type { Statement } from '../../model/exhibit.js';
import { CHECKS, type CheckName, type CheckResult, type Finding, type Verdict } from '../../model/verdict.js';
import type { AllowedSigners } from './allowed-signers.js';
import type { Findings } from './findings.js';
import type { Gap, GapList } from './gap-list.js';
import type { GzipMember } from './gzip-member.js';
import type { CheckedSeal, PageSigner } from './seal-check.js';
import { provenBy, type PageToken } from './time-check.js';

/** The program's verdicts, and one for browsers that cannot check a signature. */
export type PageVerdict = Verdict | 'SIGNATURE_NOT_CHECKED';

export interface PageReport {
  readonly verdict: PageVerdict;
  /** Why a check that must run could not; `null` when all ran. */
  readonly undetermined: string | null;
  readonly checks: readonly CheckResult[];
  /** At most 100, every text printable ASCII; `findingsTotal` counts all. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  /** The first two thousand. */
  readonly gaps: readonly Gap[];
  readonly gapsTotal: number;
  readonly statement: Statement | null;
  readonly signers: readonly PageSigner[];
  /** Time-stamp tokens over the first signature. */
  readonly tokens: readonly PageToken[];
  /** Over lines of the custody log: they bracket the acquisition, and prove nothing about the signature. */
  readonly custodyTokens: readonly PageToken[];
  readonly containerSha256: string | null;
  readonly tagmanifestSha256: string | null;
  readonly sizeBytes: number;
  readonly tarBytes: number;
}

export interface ReportFacts {
  readonly findings: Findings;
  readonly undetermined: string | null;
  /** `null` when the file could not be read to its end. */
  readonly member: GzipMember | null;
  readonly isTarWhole: boolean;
  readonly statement: Statement | null;
  readonly tagmanifestSha256: string | null;
  readonly seal: CheckedSeal;
  readonly tokens: readonly PageToken[];
  readonly custodyTokens: readonly PageToken[];
  /** By the reader, who gave roots of time-stamping authorities. */
  readonly isTimeAskedFor: boolean;
  readonly gaps: GapList;
  readonly trust: AllowedSigners | null;
  readonly isReceiptGiven: boolean;
}

/** Whether a token that passes must be there. */
function isTimeRequired({ statement, isTimeAskedFor }: ReportFacts): boolean {
  return isTimeAskedFor || statement?.policy.requireTimestamp === true;
}

/** The first verdict that fits, in the order of precedence of the format. */
export function decidePageVerdict(facts: ReportFacts): PageVerdict {
  const { findings, undetermined, statement, seal, tokens } = facts;
  if (findings.total > 0) return 'TAMPERED';
  if (undetermined !== null || statement === null) return 'UNDETERMINED';
  const { requireSigners } = statement.policy;
  if (seal.signers.length < requireSigners) return 'INTACT_UNSEALED';
  if (seal.signers.some(({ isChecked }) => !isChecked)) return 'SIGNATURE_NOT_CHECKED';
  if (seal.signers.filter(({ principal }) => principal !== null).length < requireSigners) return 'UNTRUSTED_SIGNER';
  if (isTimeRequired(facts) && provenBy(tokens) === null) return 'INTACT_UNTIMESTAMPED';
  return statement.completeness === 'complete' ? 'VERIFIED' : 'VERIFIED_PARTIAL';
}

type Outcome = Omit<CheckResult, 'check'>;

const passed = (detail: string): Outcome => ({ result: 'passed', detail });
const skipped = (detail: string): Outcome => ({ result: 'skipped', detail });

const COMPARED: Partial<Record<CheckName, string>> = {
  grammar: 'Every header, path and record is as exhibit/1 writes it.',
  closure: 'Exactly the listed files are there; plan, outcomes and items name the same artifacts.',
  hashes: 'Every file has the SHA-256 that manifests and items state.',
  counts: 'Files, bytes and outcomes are as many as stated.',
  chain: 'The acquisition log is one unbroken chain from open to seal.',
  statement: 'The statement agrees with what was found.',
  receipt: 'The archive is the one that the receipt describes.',
};

function containerCheck({ member }: ReportFacts): Outcome {
  if (member === null) return skipped('The file was not read to its end.');
  if (member.isCutShort) return skipped('Unpacking stopped at the first violation in the tar.');
  return passed('One gzip member, nothing after it.');
}

function signatureCheck({ seal, trust, statement }: ReportFacts): Outcome {
  if (seal.signers.length === 0) return skipped('The archive carries no signature.');
  if (seal.signers.some(({ isChecked }) => !isChecked))
    return skipped('This browser cannot check this kind of signature here.');
  const unused = trust?.unused.length ?? 0;
  const note = unused === 0 ? '' : ` ${String(unused)} lines of the list cannot be used.`;
  const trusted = seal.signers.filter(({ principal }) => principal !== null);
  if (trusted.length >= (statement?.policy.requireSigners ?? 1))
    return passed(`The signature fits, by a key of the list that you gave.${note}`);
  const why = seal.signers.find(({ principal }) => principal === null)?.why ?? 'fewer signers than the policy asks for';
  return { result: 'failed', detail: `The signature fits its key, but ${why}.${note}` };
}

function timeCheck(facts: ReportFacts): Outcome {
  const { tokens, statement } = facts;
  const proof = provenBy(tokens);
  if (proof !== null) {
    const who = `${proof.genTime ?? ''} by ${proof.authority ?? ''}`;
    return passed(`${who}, by the roots that you gave. Revocation is not checked.`);
  }
  const asks =
    statement?.policy.requireTimestamp === true ? ' The policy of the archive asks for one that passes.' : '';
  const told = tokens.map(({ path, genTime, why }) => `${path} of ${genTime ?? 'an unknown time'}: ${why}.`);
  const detail = `${told.length === 0 ? 'There is no time-stamp token.' : told.join(' ')}${asks}`;
  return isTimeRequired(facts) ? { result: 'failed', detail } : skipped(detail);
}

/** Checks that do not depend on whether the tar could be read to its end. */
function independentCheck(check: CheckName, facts: ReportFacts): Outcome | null {
  if (check === 'container') return containerCheck(facts);
  if (check === 'time') return timeCheck(facts);
  return check === 'receipt' && !facts.isReceiptGiven ? skipped('You gave no receipt.') : null;
}

function resultOf(check: CheckName, facts: ReportFacts): Outcome {
  const count = facts.findings.countOf(check);
  if (count > 0) return { result: 'failed', detail: count === 1 ? '1 finding' : `${String(count)} findings` };
  const independent = independentCheck(check, facts);
  if (independent !== null) return independent;
  if (!facts.isTarWhole) return skipped(facts.undetermined ?? 'The archive could not be read that far.');
  if (check === 'signature') return signatureCheck(facts);
  if (check === 'statement' && facts.statement === null) return skipped('There is no statement.');
  return passed(COMPARED[check] ?? '');
}

/** Facts to report. Of its texts, those of `statement` and `signers` are as they stand in the archive or the list: escape them. */
export function renderPageReport(facts: ReportFacts): PageReport {
  const { findings, statement, undetermined, seal, gaps, member } = facts;
  return {
    verdict: decidePageVerdict(facts),
    undetermined,
    checks: CHECKS.map((check) => ({ check, ...resultOf(check, facts) })),
    findings: findings.kept,
    findingsTotal: findings.total,
    gaps: gaps.listed,
    gapsTotal: gaps.total,
    statement,
    signers: seal.signers,
    tokens: facts.tokens,
    custodyTokens: facts.custodyTokens,
    containerSha256: member?.containerSha256 ?? null,
    tagmanifestSha256: facts.tagmanifestSha256,
    sizeBytes: member?.sizeBytes ?? 0,
    tarBytes: member?.tarBytes ?? 0,
  };
}
