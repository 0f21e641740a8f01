import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { SealSummary } from '../workflows/seal.js';
import { gapsOf } from './gaps-of.js';
import { notRequiredText } from './not-obtained.js';
import { renderBytes } from './quantities.js';
import { renderFacts, shellWord } from './table.js';
import { verdictLines } from './verdict-text.js';

const FACT_COLUMNS = 14;

export interface SealShown {
  /** As the trust list of this machine names the signer. */
  readonly principal: string | null;
  readonly columns: number;
}

/** The result of a seal for people; the receipt's lines are those to read out or to write down. */
export function presentSeal(summary: SealSummary, { principal, columns }: SealShown): string {
  const { archivePath, receiptPath, receipt, statement, report } = summary;
  const facts = renderFacts([
    ['archive', archivePath],
    ['receipt', receiptPath],
    ['exhibit', `${receipt.exhibitId} (${receipt.kind}, ${statement.completeness})`],
    ['gaps', String(gapsOf(report))],
    ['not required', notRequiredText(statement.outcomeCounts, gapsOf(report))],
    ['payload', `${String(receipt.payloadFiles)} files, ${renderBytes(receipt.payloadBytes)}`],
    ['signed by', `${receipt.signer}${principal === null ? '' : ` (${principal})`}`],
    ['sha256', receipt.containerSha256],
    ['tagmanifest', receipt.tagmanifestSha256],
    ['read back', verdictLines(report, columns - FACT_COLUMNS)],
  ]);
  return [
    facts,
    '',
    `Next: exhibit verify ${shellWord(archivePath)} --receipt ${shellWord(receiptPath)}`,
    `Send the receipt off this machine now: ${escapeForTerminal(receiptPath)}`,
  ].join('\n');
}
