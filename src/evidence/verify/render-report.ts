import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { Receipt, Statement } from '../../model/exhibit.js';
import {
  CHECKS,
  type CheckName,
  type CheckResult,
  type CiphertextReport,
  type TimestampReport,
  type VerifyReport,
} from '../../model/verdict.js';
import type { GzipMember } from '../gzip-member-reader.js';
import type { Findings } from './findings.js';
import type { CheckedSeal } from './seal-check.js';
import { provenBy } from './time-check.js';
import { decideVerdict, exitCodeOf, isTimeRequired, renderVerdictLine } from './verdict.js';

export interface ReportFacts {
  readonly archive: string;
  readonly findings: Findings;
  readonly undetermined: string | null;
  /** `null` when the file could not be read to its end. */
  readonly member: GzipMember | null;
  /** Of the age file that it was read out of; `null` = it was not encrypted, or not read to its end. */
  readonly encryptedSha256: string | null;
  readonly isTarWhole: boolean;
  readonly statement: Statement | null;
  readonly tagmanifestSha256: string | null;
  readonly seal: CheckedSeal;
  readonly timestamps: readonly TimestampReport[];
  /** Over lines of the custody log: they bracket the acquisition, and prove nothing about the signature. */
  readonly custodyTimestamps: readonly TimestampReport[];
  readonly alarms: readonly string[];
  /** By the reader. */
  readonly isTimeAskedFor: boolean;
  /** Where the roots of time-stamping authorities come from; `null` = none were given. */
  readonly rootsSource: string | null;
  readonly gaps: number;
  readonly trustSource: string | null;
  readonly unusedTrustLines: number;
  readonly receipt: Receipt | null;
  readonly requireComplete: boolean;
}

type Outcome = Omit<CheckResult, 'check'>;

const passed = (detail: string): Outcome => ({ result: 'passed', detail });
const skipped = (detail: string): Outcome => ({ result: 'skipped', detail });

const COMPARED: Partial<Record<CheckName, string>> = {
  grammar: 'every header, path and record is as exhibit/1 writes it',
  closure: 'exactly the listed files are there; plan, outcomes and items name the same artifacts',
  hashes: 'every file has the SHA-256 that manifests and items state',
  counts: 'files, bytes and outcomes are as many as stated',
  chain: 'the acquisition log is one unbroken chain from open to seal',
  statement: 'the statement agrees with what was found',
  receipt: 'the archive is the one that the receipt describes',
};

function containerCheck({ member }: ReportFacts): Outcome {
  if (member === null) return skipped('the file could not be read to its end');
  if (member.isCutShort) return skipped('unpacking stopped at the first violation in the tar');
  return passed(`one gzip member of ${String(member.sizeBytes)} bytes, nothing after it`);
}

function signatureCheck({ seal, trustSource, unusedTrustLines, statement }: ReportFacts): Outcome {
  const [signer] = seal.signers;
  if (signer === undefined) return skipped('the archive carries no signature');
  const trusted = seal.signers.filter(({ principal }) => principal !== null);
  const unused = unusedTrustLines === 0 ? '' : `; ${String(unusedTrustLines)} lines of the list cannot be used`;
  const list = trustSource === null ? 'no list' : `list ${trustSource}`;
  if (trusted.length >= (statement?.policy.requireSigners ?? 1)) {
    return passed(
      `${trusted.map(({ fingerprint, principal }) => `${fingerprint} is ${principal ?? ''}`).join(', ')} (${list}${unused})`,
    );
  }
  const untrusted = seal.signers.find(({ principal }) => principal === null) ?? signer;
  const why = untrusted.why === '' ? 'fewer signers than the policy asks for' : untrusted.why;
  return { result: 'failed', detail: `good signature by ${untrusted.fingerprint}, but ${why} (${list}${unused})` };
}

function timeCheck(facts: ReportFacts): Outcome {
  const { timestamps, rootsSource } = facts;
  const proof = provenBy(timestamps);
  const told = timestamps.map(({ path, genTime, detail }) => `${path} of ${genTime ?? 'an unknown time'}: ${detail}`);
  if (proof !== null) {
    const passedTokens = timestamps.filter(({ result }) => result === 'passed').length;
    const count =
      timestamps.length === 1 ? '' : `, ${String(passedTokens)} of ${String(timestamps.length)} tokens pass`;
    return passed(
      `${proof.genTime ?? ''} by ${proof.authority ?? ''} (roots ${rootsSource ?? ''}; revocation is not checked${count})`,
    );
  }
  const detail = told.length === 0 ? 'no time-stamp token' : told.join('; ');
  if (!isTimeRequired(facts)) return skipped(detail);
  return { result: 'failed', detail };
}

/** Checks that do not depend on whether the tar could be read to its end. */
function independentCheck(check: CheckName, facts: ReportFacts): Outcome | null {
  if (check === 'container') return containerCheck(facts);
  if (check === 'time') return timeCheck(facts);
  return check === 'receipt' && facts.receipt === null ? skipped('no receipt given') : null;
}

function resultOf(check: CheckName, facts: ReportFacts): Outcome {
  const count = facts.findings.countOf(check);
  if (count > 0) return { result: 'failed', detail: `${String(count)} ${count === 1 ? 'finding' : 'findings'}` };
  const independent = independentCheck(check, facts);
  if (independent !== null) return independent;
  if (!facts.isTarWhole) return skipped(facts.undetermined ?? 'the archive could not be read that far');
  if (check === 'signature') return signatureCheck(facts);
  if (check === 'statement' && facts.statement === null) return skipped('there is no statement');
  return passed(comparedBy(check, facts));
}

function comparedBy(check: CheckName, facts: ReportFacts): string {
  const isBoth = check === 'receipt' && ciphertextOf(facts)?.receipt === 'matches';
  return isBoth ? 'archive and age file are those that the receipt describes' : (COMPARED[check] ?? '');
}

function ciphertextOf({ encryptedSha256, receipt }: ReportFacts): CiphertextReport | null {
  if (encryptedSha256 === null) return null;
  if (receipt === null) return { sha256: encryptedSha256, receipt: 'no receipt' };
  const stated = receipt.encryptedSha256;
  if (stated === undefined) return { sha256: encryptedSha256, receipt: 'not stated' };
  return { sha256: encryptedSha256, receipt: stated === encryptedSha256 ? 'matches' : 'differs' };
}

/** Facts to report: results of the checks, verdict, and the line for people. Every text is printable ASCII. */
export function renderReport(facts: ReportFacts): VerifyReport {
  const { findings, statement, undetermined, seal } = facts;
  const checks = CHECKS.map((check) => {
    const { result, detail } = resultOf(check, facts);
    return { check, result, detail: escapeForTerminal(detail) };
  });
  const { timestamps, isTimeAskedFor } = facts;
  const ciphertext = ciphertextOf(facts);
  const verdictFacts = {
    findings: findings.total,
    undetermined,
    signers: seal.signers,
    statement,
    timestamps,
    isTimeAskedFor,
  };
  const verdict = decideVerdict(verdictFacts);
  const [first] = findings.kept;
  const firstFinding =
    first === undefined
      ? null
      : `${first.path === '' ? 'container' : first.path}: expected ${first.expected}, found ${first.found}`;
  const signer = seal.signers.find(({ principal }) => principal !== null) ?? seal.signers[0];
  return {
    archive: facts.archive,
    ...(ciphertext === null ? {} : { ciphertext }),
    verdict,
    exitCode: exitCodeOf(verdict, facts.requireComplete),
    checks,
    findings: findings.kept,
    findingsTotal: findings.total,
    containerSha256: facts.member?.containerSha256 ?? null,
    tagmanifestSha256: facts.tagmanifestSha256,
    kind: statement?.kind ?? null,
    completeness: statement?.completeness ?? null,
    statement,
    signer: signer === undefined ? null : { fingerprint: signer.fingerprint, principal: signer.principal },
    gaps: facts.gaps,
    timestamps: [...timestamps, ...facts.custodyTimestamps],
    alarms: facts.alarms,
    line: renderVerdictLine({ ...verdictFacts, verdict, checks, gaps: facts.gaps, firstFinding, ciphertext }),
  };
}
