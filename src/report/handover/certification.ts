import type { HandoverFacts } from './handover-facts.js';
import {
  apiIdentityLine,
  authorityLine,
  custodyWords,
  gapReason,
  kindWarning,
  outcomesLine,
  scopeLine,
  signerLine,
} from './exhibit-words.js';
import { textBlocks, type TextBlock, type TextValues } from './text-blocks.js';
import { isGoodVerdict, meaningOf, receiptWords, timeWords } from './verdict-words.js';

/** Gaps that a certification names one by one. */
const SHOWN_GAPS = 40;

function gapValues({ gaps, gapsTotal }: HandoverFacts): TextValues {
  const shown = gaps.slice(0, SHOWN_GAPS);
  const rest = gapsTotal - shown.length;
  return {
    gapsIntro:
      gapsTotal === 0
        ? 'The ledger of the archive has no gap: every record that was required was obtained, or its source proved that it does not exist.'
        : `The following ${String(gapsTotal)} required records were not obtained, or not wholly. The archive says so in its signed ledger:`,
    gaps: shown.map((gap) => `${gap.artifact}: ${gap.outcome} (${gapReason(gap)})`),
    gapsMore: rest === 0 ? null : `And ${String(rest)} more, in meta/outcomes.jsonl of the archive.`,
  };
}

function recordValues(facts: HandoverFacts): TextValues {
  const { archive, statement, report, acquisition, caseWords } = facts;
  return {
    archiveName: archive.path,
    archiveBytes: String(archive.sizeBytes),
    archiveSha256: archive.sha256,
    plainDigestLine: archive.isEncrypted
      ? `The archive file is encrypted. SHA-256 of what is inside: ${report.containerSha256 ?? 'not known'}`
      : null,
    exhibitId: statement.exhibitId,
    caseId: statement.caseId,
    caseWordsLine:
      caseWords === null
        ? null
        : `Reference of the organisation: ${caseWords.reference}. Reason for the collection: ${caseWords.reason}`,
    payloadFiles: String(statement.payloadFiles),
    payloadBytes: String(statement.payloadBytes),
    scopeLine: scopeLine(statement),
    host: statement.operator.host,
    osUser: statement.operator.osUser,
    apiIdentity: apiIdentityLine(statement),
    authorityLine: authorityLine(statement),
    openedAt: acquisition.lines[0]?.at ?? 'not known',
    sealedAt: statement.createdAt,
    outcomesLine: outcomesLine(statement),
  };
}

/** The draft of a certification, from the facts of the archive; what a person must state is left blank. */
export function certification(template: string, facts: HandoverFacts): TextBlock[] {
  const { statement, report, receipt, tool } = facts;
  return textBlocks(template, {
    ...recordValues(facts),
    ...gapValues(facts),
    kindWarning: kindWarning(statement),
    verdictWarning: isGoodVerdict(report.verdict)
      ? null
      : `WARNING: the archive did not verify. Verdict ${report.verdict}: ${meaningOf(report.verdict)}`,
    timeLine: timeWords(report),
    toolVersion: statement.tool.version,
    toolCommit: statement.tool.commit,
    toolNode: statement.tool.nodeVersion,
    toolPlatform: statement.tool.platform,
    toolDigest: statement.tool.programDigest,
    errorRateLine:
      'The rate at which the checking program misses a change, and raises a false alarm, is measured and published with its release (docs/error-rate.md). It is a rate of the check, not of the collection.',
    signerLine: signerLine(report, facts.trustSource),
    tagmanifestSha256: report.tagmanifestSha256 ?? 'not known',
    preparedAt: facts.preparedAt,
    preparedBy: facts.preparedBy,
    checkerVersion: tool.version,
    verdictLine: report.line,
    meaningLine: meaningOf(report.verdict),
    receiptLine: receiptWords(report, receipt?.wasGiven ?? null),
    custodyLine: custodyWords(facts),
  });
}
