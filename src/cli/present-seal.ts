import type { SealSummary } from '../workflows/seal.js';
import { renderBytes } from './quantities.js';
import { renderFacts, shellWord } from './table.js';

/** The result of a seal for people; the receipt's lines are those to read out or to write down. */
export function presentSeal({ archivePath, receiptPath, receipt, statement, report }: SealSummary): string {
  const facts = renderFacts([
    ['archive', archivePath],
    ['receipt', receiptPath],
    ['exhibit', `${receipt.exhibitId} (${receipt.kind}, ${statement.completeness})`],
    ['payload', `${String(receipt.payloadFiles)} files, ${renderBytes(receipt.payloadBytes)}`],
    ['signed by', receipt.signer],
    ['sha256', receipt.containerSha256],
    ['tagmanifest', receipt.tagmanifestSha256],
    ['read back', report.line],
  ]);
  return `${facts}\n\nNext: exhibit verify ${shellWord(archivePath)} --receipt ${shellWord(receiptPath)}`;
}
