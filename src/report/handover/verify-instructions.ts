import type { HandoverFacts } from './handover-facts.js';
import { kindWarning } from './exhibit-words.js';
import { textBlocks, type TextBlock } from './text-blocks.js';
import { checkOf, timeWords } from './verdict-words.js';

/** Without its `.age`. */
function plainName(path: string): string {
  return path.replace(/\.age$/, '');
}

/** VERIFY.txt: the three ways, with the names of this package. */
export function verifyInstructions(template: string, facts: HandoverFacts): TextBlock[] {
  const { archive, receipt, report, statement, hasVerifyPage } = facts;
  const plainPath = archive.isEncrypted ? plainName(archive.path) : archive.path;
  const isStamped = checkOf(report, 'time').result !== 'skipped' || statement.policy.requireTimestamp;
  return textBlocks(template, {
    exhibitId: statement.exhibitId,
    caseId: statement.caseId,
    preparedAt: facts.preparedAt,
    preparedBy: facts.preparedBy,
    kindWarning: kindWarning(statement),
    signerFingerprint: report.signer?.fingerprint ?? 'none, since it is not signed',
    tsaItem: isStamped
      ? 'The root certificate of the time-stamping authority, from that authority or from a list of trusted services.'
      : null,
    archivePath: archive.path,
    checkPath: plainPath,
    decryptHeading: archive.isEncrypted
      ? 'The archive is encrypted. Decrypt it first, with your own identity; the result belongs beside the encrypted file:'
      : null,
    decryptCommand: archive.isEncrypted ? `exhibit decrypt ${archive.path} --identity FILE` : null,
    receiptFlag: receipt === null ? '' : '--receipt YOUR-RECEIPT.json ',
    tsaFlag: isStamped ? ' --tsa-ca FILE' : '',
    containerSha256: report.containerSha256 ?? 'not known',
    verifyPageLine: hasVerifyPage
      ? 'A copy of verify.html is in this package, for convenience. Take the page from the release of the program instead; or compute the SHA-256 of this one and compare it with the one that the release publishes.'
      : 'Take verify.html from the release of the program. There is no copy of it in this package.',
    timeLine: timeWords(report),
  });
}
