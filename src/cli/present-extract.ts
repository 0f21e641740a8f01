import type { ExtractSummary } from '../workflows/extract.js';
import { renderBytes } from './quantities.js';
import { shellWord } from '../lib/shell-word.js';
import { renderFacts } from './table.js';
import { verdictLines } from './verdict-text.js';

/** The verdict first: it is what the files are worth. */
export function presentExtract(summary: ExtractSummary, columns: number): string {
  const { output, files, sizeBytes, leftOut, report } = summary;
  const check = leftOut === 0 ? `bagit.py --validate ${shellWord(output)}` : null;
  return [
    ...verdictLines(report, columns),
    '',
    renderFacts([
      ['folder', output],
      ['written', `${String(files)} files, ${renderBytes(sizeBytes)}, read back and compared`],
      ['left out', leftOut === 0 ? null : `${String(leftOut)} payload files; the folder is no whole bag`],
      ['check again', check],
    ]),
  ].join('\n');
}
