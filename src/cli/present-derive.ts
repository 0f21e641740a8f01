import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import type { DeriveSummary } from '../workflows/derive.js';
import { renderBytes } from './quantities.js';
import { renderFacts } from './table.js';
import { verdictLines } from './verdict-text.js';

const FACT_COLUMNS = 14;

/** What may leave and what must stay, in that order. */
export function presentDerive(summary: DeriveSummary, columns: number): string {
  const { archivePath, receiptPath, saltsPath, receipt, statement, report } = summary;
  const facts = renderFacts([
    ['copy', archivePath],
    ['receipt', receiptPath],
    ['exhibit', `${receipt.exhibitId}, a redacted copy of ${statement.derivedFrom?.exhibitId ?? 'nothing'}`],
    [
      'redactions',
      `${String(summary.redactions)}: ${String(summary.maskedFiles)} files masked, ${String(summary.removedFiles)} removed`,
    ],
    ['payload', `${String(receipt.payloadFiles)} files, ${renderBytes(receipt.payloadBytes)}`],
    ['accepted', summary.findings === 0 ? null : `${String(summary.findings)} texts that look like secrets`],
    ['unused rules', summary.unusedRules.length === 0 ? null : summary.unusedRules.join(' ')],
    ...summary.timestamps.map(({ genTime, authority }) => ['stamped', `${genTime} by ${authority}`] as const),
    ['sha256', receipt.containerSha256],
    ['salts', saltsPath],
    ['custody', summary.custodyPath],
    ['read back', verdictLines(report, columns - FACT_COLUMNS)],
  ]);
  return [
    facts,
    '',
    `Next: exhibit verify ${shellWord(archivePath)} --receipt ${shellWord(receiptPath)}`,
    `Keep the salts with the original and give them to nobody: ${escapeForTerminal(saltsPath)}`,
  ].join('\n');
}
