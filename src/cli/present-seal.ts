import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import type { SealedAndEncrypted } from '../workflows/seal-and-encrypt.js';
import { encryptionFacts } from './present-encryption.js';
import { notRequiredText } from './not-obtained.js';
import { renderBytes } from './quantities.js';
import { renderFacts } from './table.js';
import { verdictLines } from './verdict-text.js';

const FACT_COLUMNS = 14;

export interface SealShown {
  /** As the trust list of this machine names the signer. */
  readonly principal: string | null;
  /** The further signers, named in the same way. */
  readonly countersigners: readonly { readonly fingerprint: string; readonly principal: string | null }[];
  readonly columns: number;
}

function signerText(fingerprint: string, principal: string | null): string {
  return principal === null ? fingerprint : `${fingerprint} (${principal})`;
}

/** The result of a seal for people; the receipt's lines are those to read out or to write down. */
export function presentSeal(summary: SealedAndEncrypted, { principal, countersigners, columns }: SealShown): string {
  const { archivePath, receiptPath, receipt, statement, report, encryption } = summary;
  const facts = renderFacts([
    ['archive', archivePath],
    ['receipt', receiptPath],
    ...(encryption === null ? [] : encryptionFacts(encryption)),
    ['exhibit', `${receipt.exhibitId} (${receipt.kind}, ${statement.completeness})`],
    ['gaps', String(report.gaps)],
    ['not required', notRequiredText(statement.outcomeCounts, report.gaps)],
    ['payload', `${String(receipt.payloadFiles)} files, ${renderBytes(receipt.payloadBytes)}`],
    ['signed by', signerText(receipt.signer, principal)],
    ...countersigners.map(({ fingerprint, principal: name }) => ['and by', signerText(fingerprint, name)] as const),
    ...summary.timestamps.map(({ genTime, authority }) => ['stamped', `${genTime} by ${authority}`] as const),
    ['sha256', receipt.containerSha256],
    ['tagmanifest', receipt.tagmanifestSha256],
    ['read back', verdictLines(report, columns - FACT_COLUMNS)],
  ]);
  return [
    facts,
    '',
    encryption?.plaintextPath === null
      ? `Next: exhibit decrypt ${shellWord(archivePath)} --identity FILE`
      : `Next: exhibit verify ${shellWord(archivePath)} --receipt ${shellWord(receiptPath)}`,
    `Send the receipt off this machine now: ${escapeForTerminal(receiptPath)}`,
  ].join('\n');
}
