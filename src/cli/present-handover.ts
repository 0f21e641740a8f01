import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import type { HandoverSummary } from '../workflows/handover.js';
import { renderBytes } from './quantities.js';
import { renderFacts } from './table.js';
import { verdictLines } from './verdict-text.js';

const FACT_COLUMNS = 14;

function secretWords({ isEncrypted, secretItems }: HandoverSummary): string {
  if (secretItems === 0) return isEncrypted ? 'none; the archive is encrypted' : 'none';
  return `${String(secretItems)} files marked secret, ${isEncrypted ? 'encrypted' : 'IN THE CLEAR'}`;
}

/** The package for people. */
export function presentHandover(summary: HandoverSummary, columns: number): string {
  const { folder, zip, zipSha256, manifestSha256, files, custody, report } = summary;
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return [
    ...verdictLines(report, columns),
    '',
    renderFacts([
      ['folder', folder],
      ['zip', zip],
      ['zip sha256', zipSha256],
      ['manifest', manifestSha256],
      ['contents', `${String(files.length)} files, ${renderBytes(sizeBytes)}`],
      ['secrets', secretWords(summary)],
      ['custody', custody === null ? 'not recorded (--no-custody)' : `${custody.event}: ${custody.path}`],
    ]),
    '',
    'The drafts are for a qualified person to check, complete and sign. They are not legal advice.',
    `Begin with: ${escapeForTerminal(shellWord(`${folder}/START-HERE.html`), columns + FACT_COLUMNS + folder.length)}`,
  ].join('\n');
}
