import { basename } from 'node:path';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import type { VerifyCaseSummary } from '../workflows/verify-case.js';
import { renderTable } from './table.js';

const SHOWN_FINDINGS = 50;

/** One line an archive, then what is wrong with them together, then what cannot be known. */
export function presentCaseVerify({ archives, encrypted, findings }: VerifyCaseSummary): string {
  const rows = [
    ...archives.map(({ archive, verdict, kind, completeness }) => [
      escapeForTerminal(basename(archive)),
      verdict,
      kind ?? '',
      completeness ?? '',
    ]),
    ...encrypted.map((archive) => [escapeForTerminal(basename(archive)), 'not checked: encrypted', '', '']),
  ];
  const lines = findings.slice(0, SHOWN_FINDINGS).map(({ exhibitId, expected, found }) => {
    return `  ${escapeForTerminal(exhibitId)}: expected ${escapeForTerminal(expected, 200)}, found ${escapeForTerminal(found, 200)}`;
  });
  const more = findings.length - lines.length;
  return [
    renderTable(['archive', 'verdict', 'kind', 'completeness'], rows),
    '',
    findings.length === 0
      ? 'One case, each exhibit chained to the one before it, none missing up to the last.'
      : 'The archives are not one whole case:',
    ...lines,
    ...(more > 0 ? [`  and ${String(more)} more`] : []),
    'What was sealed after the last of them is not known from archives; a receipt that was kept elsewhere tells.',
  ].join('\n');
}

/** What stderr says when not all is well; `null` for exit 0. */
export function caseVerifyNotice({ archives, encrypted, findings, exitCode }: VerifyCaseSummary): ExhibitError | null {
  if (exitCode === 0) return null;
  const bad = archives.filter((report) => report.exitCode === exitCode);
  const hints = [
    ...bad.slice(0, 3).map(({ archive }) => `exhibit verify ${shellWord(archive)}`),
    ...encrypted.slice(0, 1).map((archive) => `exhibit decrypt ${shellWord(archive)}`),
  ];
  if (exitCode === 3)
    return new ExhibitError(
      'COLLECT_PARTIAL',
      'all archives verify, but some have gaps and --require-complete was given',
      {
        hints,
      },
    );
  const counts = [
    `${String(bad.length)} of ${String(archives.length)} archives do not verify`,
    `${String(encrypted.length)} are encrypted`,
    `${String(findings.length)} findings about them together`,
  ];
  return new ExhibitError('VERIFY_FAILED', counts.join('; '), { hints });
}
